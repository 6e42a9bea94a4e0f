# Everything a newcomer needs: `make demo` and `make test`. Needs Python 3.10 to 3.13 and pip, nothing else.
#
# PYTHON=python3.12 picks an interpreter; PYTEST_ARGS="-k export" is passed to pytest.
# On Linux, pip's default PyTorch brings CUDA libraries; point PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS at the
# CPU builds to spare gigabytes.

SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.leapp-installed
TORCH := torch==2.13.0
JOBS ?= auto
PYTEST_ARGS ?=
SLICES ?=
SIMULATORS_ARGS ?=
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.10 python; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && echo $$p && break; done)

# Small models on small machines: one thread per process is faster than several that fight.
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all check format bench docs simulators isaaclab-env mjlab-env clean

help:  ## show this list; docs/contributing.md tells the rest
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP)  ## make the virtual environment and install everything for development

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "no Python 3.10 to 3.13 found; install one or pass PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing PyTorch, then LEAPP (takes a few minutes the first time)"
	$(BIN)/python -m pip install --quiet "$(TORCH)" -c constraints.txt
	$(BIN)/python -m pip install --quiet -e ".[dev]" -c constraints.txt
	@touch $@

demo: $(STAMP)  ## export a trained policy, validate it, and run it closed-loop for an episode
	@$(BIN)/leapp demo --task Builtin-Velocity-Hopper --save_path demo_output

test: $(STAMP)  ## run the quick tests: every behaviour once, in minutes
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --quick $(PYTEST_ARGS)

test-all: $(STAMP)  ## run the other tests (an hour and more), or SLICES="slow-1 environments" of them
	$(BIN)/python -m tests.slices --jobs $(JOBS) --pytest "$(PYTEST_ARGS)" $(SLICES)

check: $(STAMP)  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)  ## fix what can be fixed by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## measure capture, export and runtime
	$(BIN)/python -m tests.benchmarks

docs: $(STAMP)  ## build the documentation site into site/; a broken link is an error
	$(BIN)/python -m pip install --quiet -e ".[docs]" -c constraints.txt
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/links.py
	$(BIN)/zensical build --strict

simulators: $(STAMP)  ## run every simulator task and write the table; makes the simulators' own environments
	$(BIN)/python -m tests.simulators $(SIMULATORS_ARGS)

isaaclab-env: $(STAMP)  ## make an environment with Isaac Lab (Newton, no Isaac Sim) and LEAPP; says what to run next
	@$(BIN)/python -m tests.simulators.venvs isaaclab

mjlab-env: $(STAMP)  ## make an environment with mjlab and LEAPP; says what to run next
	@$(BIN)/python -m tests.simulators.venvs mjlab

clean:  ## remove what make made, but the virtual environment
	rm -rf demo_output site build dist .pytest_cache .mypy_cache .ruff_cache
