# make demo         set up .venv; train, export, verify and recognise, in under four minutes
# make test         set up .venv and run all tests
# make test-quick   all tests but real trainings
# make check        lint, types, import rules and all tests
# make bench        latency against Keras, on a network trained for it
# make bench-peers  RUN=runs/edge: the same network in other runtimes
# make parity-cpus  the golden answers on four emulated CPUs

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := edge_infer synth train export analysis benchmarks cli tests tools

.PHONY: help setup demo test test-quick check lint types bench bench-peers parity-cpus clean

help:
	@sed -n 's/^# make/make/p' Makefile

setup: $(READY)

$(READY): pyproject.toml constraints.txt tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh $(VENV)
	@touch $@

demo: setup
	@$(BIN)/python tools/demo.py

test: setup
	@$(BIN)/pytest

test-quick: setup
	@$(BIN)/pytest -m "not slow"

lint: setup
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/lint-imports --no-logo

types: setup
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

check: lint types test

bench: setup
	@$(BIN)/python tools/bench.py

bench-peers: setup
	@test -n "$(RUN)" || { echo "name a finished run: make bench-peers RUN=runs/edge" >&2; exit 2; }
	@$(BIN)/python benchmarks/peers.py "$(RUN)" --results benchmarks/results

parity-cpus: setup
	@$(BIN)/python benchmarks/parity_cpus.py

clean:
	rm -rf $(VENV) demo build dist .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
