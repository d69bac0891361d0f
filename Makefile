# make demo   set up and train, export, verify and recognise, in under four minutes
# make test   set up and run the tests
# make check  lint, types, import rules and tests

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := edge_infer synth train export analysis benchmarks cli tests tools

.PHONY: help setup demo test check lint types bench bench-peers parity-cpus clean

help:
	@sed -n 's/^# //p' Makefile

setup: $(READY)

$(READY): pyproject.toml constraints.txt tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh $(VENV)
	@touch $@

demo: setup
	@$(BIN)/python tools/demo.py

test: setup
	@$(BIN)/pytest

lint: setup
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/lint-imports --no-logo

types: setup
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

check: lint types test

# Latency parity with Keras on a network trained for it, then the pytest-benchmark suites.
bench: setup
	@$(BIN)/python tools/bench.py

# One trained run in the runtimes that people would use instead; those missing are named.
bench-peers: setup
	@test -n "$(RUN)" || { echo "name a finished run: make bench-peers RUN=runs/edge" >&2; exit 2; }
	@$(BIN)/python benchmarks/peers.py "$(RUN)" --results benchmarks/results

# The same answer on this CPU and on emulated ones: a Haswell, and those of Raspberry Pis.
parity-cpus: setup
	@$(BIN)/python benchmarks/parity_cpus.py

clean:
	rm -rf $(VENV) demo build dist .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
