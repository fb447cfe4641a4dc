# Two commands do it all: `make demo` and `make test`. Everything else is a part of these.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help setup demo test check unit bench fuzz clean

help:
	@echo "make demo    render an example over two local nodes, and say where the picture is"
	@echo "make test    style, types, layers and all tests"
	@echo "make bench   one table of ratios, also in bench/results.json"
	@echo "make setup   only prepare .venv"
	@echo "make clean   remove what the others made"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: on Debian or Ubuntu, apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: setup
	@$(BIN)/python examples/demo.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup
	$(BIN)/python -m pytest tests --cov=lrnap.wire --cov=lrnap.lux --cov-report=term

test: check unit

bench: setup
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) out bench/results.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache src/*.egg-info
