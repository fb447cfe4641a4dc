# Two commands do it all: `make demo` and `make test`. Everything else is a part of these.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help setup deps-system demo test check unit bench fuzz faults cluster reference clean

help:
	@echo "make demo    render an example over two local nodes, and say where the picture is"
	@echo "make test    style, types, layers and all tests"
	@echo "make bench   one table of ratios, also in bench/results.json"
	@echo "make reference   write docs/reference anew from the tables"
	@echo "make fuzz    random scenes through the engine for MINUTES=10; what goes wrong is kept in out/fuzz"
	@echo "make faults  everything that can go wrong around a manager, TIMES=24 at random moments; what is lost is in out/faults;"
	@echo "             with ENGINE=luxcore what matters to a real engine, on one"
	@echo "make cluster nodes on a Ray cluster that rents its machines, with Ray's autoscaler"
	@echo "make setup   only prepare .venv"
	@echo "make deps-system   what a bare Debian or Ubuntu lacks (as root)"
	@echo "make clean   remove what the others made"

setup: $(VENV)/.ready

# What the system itself must bring: python's venv, and the one library that the engine's wheel leaves out.
SYSTEM_HAS_ALL = $(PYTHON) -c 'import ensurepip' && ldconfig -p | grep -q libatomic.so.1

$(VENV)/.ready: pyproject.toml
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! { $(SYSTEM_HAS_ALL); } >/dev/null 2>&1; then $(MAKE) deps-system; fi
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3-venv is missing: on Debian or Ubuntu, as root: make deps-system"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -c 'import numpy, pyluxcore, os; os._exit(0)' >/dev/null || { echo "The engine does not load. On Debian or Ubuntu, as root: make deps-system"; exit 1; }
	@touch $@

# The engine's wheel brings its libraries along, but for libatomic and what every C++ program needs.
deps-system:
	@command -v apt-get >/dev/null || { echo "There is no apt-get here: install Python 3.11 or newer with venv, and libatomic"; exit 1; }
	apt-get update
	apt-get install --yes --no-install-recommends python3 python3-venv libatomic1 libstdc++6 zlib1g

demo: setup
	@$(BIN)/python examples/demo.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Real processes, sockets and databases have bad moments on a machine that others use: what fails has one more try, is
# named and shown at the end, and is a defect all the same. Beyond a handful, and where there is only arithmetic, none.
SECOND_TRY = --reruns 1 --max-suite-reruns 4 --rerun-show-tracebacks \
             --rerun-exclude-path tests/unit/wire --rerun-exclude-path tests/unit/lux

unit: setup
	$(BIN)/python -m pytest tests $(SECOND_TRY) --cov=lrnap.wire --cov=lrnap.lux --cov-report=term --cov-fail-under=95

test: check unit

bench: setup
	$(BIN)/python -m bench

reference: setup
	$(BIN)/python -m lrnap.engine.luxcore.reference docs/reference
	$(BIN)/python -m lrnap.manager.figures docs/watching.md

fuzz: setup
	PYTHONPATH=tests nice $(BIN)/python -m fuzz --minutes $(or $(MINUTES),10)

faults: setup
	PYTHONPATH=tests nice $(BIN)/python -m faults --times $(or $(TIMES),24) $(if $(SEED),--seed $(SEED)) $(if $(ENGINE),--engine $(ENGINE))

cluster: setup
	LRNAP_CLUSTER=1 $(BIN)/python -m pytest -o addopts="" -q tests/unit/launch/test_autoscaler.py

clean:
	rm -rf $(VENV) out bench/results.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache src/*.egg-info
