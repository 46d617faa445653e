# Comanda's one set of commands, for a person and for CI. `make help` prints what follows "##".
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PROJECTS := libs/kit libs/embedded protos services/orders services/inventory services/sales services/erp-bridge gateway cli
READY := $(VENV)/.ready

.PHONY: help setup protos clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything installed (again only when a version or a project file changed)

$(READY): constraints.txt $(PROJECTS:%=%/pyproject.toml)
	@test -n "$(PYTHON)" || { echo "Python is missing: install python3 (3.11 or newer) and python3-venv, then repeat." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: install it (Debian, Ubuntu: apt install python3-venv), then repeat." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Creating the environment $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the pinned libraries"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r constraints.txt
	@echo "Installing Comanda's own projects, editable"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(PROJECTS:%=-e ./%)
	@$(BIN)/python -m pip check
	@touch $@

protos: setup ## Generate the contract's code into protos/gen
	@$(BIN)/python protos/build.py

clean: ## Remove everything that was generated, the environment too; homes of `comanda up` stay
	rm -rf $(VENV) protos/gen .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
