# make demo   set up and train, export, verify and recognise, in under four minutes
# make test   set up and run the tests
# make check  lint, types, import rules and tests

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := train export edge_infer benchmarks cli tests tools

.PHONY: help setup demo test check lint types bench clean

help:
	@sed -n 's/^# //p' Makefile

setup: $(READY)

$(READY): pyproject.toml constraints.txt tools/setup.sh
	@tools/setup.sh "$(PYTHON)" "$(VENV)"
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

clean:
	rm -rf $(VENV) demo build dist .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
