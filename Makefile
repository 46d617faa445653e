# Comanda's one set of commands, for a person and for CI. `make help` prints what follows "##".
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PROJECTS := libs/kit libs/embedded protos services/orders services/inventory services/sales services/erp-bridge gateway cli
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BUF := $(BIN)/buf
IMAGE := protos/gen/comanda/image.binpb
BASELINE := protos/baseline.binpb.gz

.PHONY: help setup protos events errors run test test-containers test-unit lint format bench compose-up compose-down protos-baseline clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@echo 'make test and make bench take more arguments, as in: make test ARGS="-k session"'

run: protos ## Start everything, let a first order go through, and stay up
	@exec $(BIN)/comanda demo

test: protos ## Run every test, against a real PostgreSQL and a real NATS
	@echo "Running the tests"
	@$(BIN)/pytest -n $(or $(WORKERS),2) --dist loadgroup --ignore tests/containers $(ARGS)

test-containers: protos ## Build the images and run the tests that need a container engine
	@$(BIN)/pytest tests/containers $(ARGS)

test-unit: protos ## Run only the tests that need no server
	@$(BIN)/pytest services/*/tests/unit $(ARGS)

lint: protos ## Check style, types, import contracts and the proto contract
	@echo "Checking style (ruff)"
	@$(BIN)/ruff check --quiet
	@echo "Checking format (ruff)"
	@$(BIN)/ruff format --quiet --check || { echo "Run make format." >&2; exit 1; }
	@echo "Checking types (mypy)"
	@$(BIN)/mypy --no-error-summary
	@echo "Checking import contracts (import-linter)"
	@$(BIN)/lint-imports --no-logo
	@echo "Checking the proto contract: rules, format, compatibility with the last release (buf)"
	@$(BUF) lint $(IMAGE) --path comanda --config protos/buf.yaml
	@$(BUF) format protos --diff --exit-code || { echo "Run make format." >&2; exit 1; }
	@$(BUF) breaking $(IMAGE) --against $(BASELINE) --path comanda --config protos/buf.yaml
	@echo "All clean"

format: protos ## Rewrite Python and proto files in the house format
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet
	@$(BUF) format protos --write

compose-up: protos ## Build the images and start everything in containers
	@$(BIN)/comanda compose up

compose-down: protos ## End the containers; their data stays
	@$(BIN)/comanda compose down

bench: protos ## Measure complete orders per second on this machine
	@$(BIN)/comanda bench orders $(ARGS)

setup: protos ## Make .venv with everything in it (again only when something changed)

protos: $(READY) ## Generate the contract's code into protos/gen (again only when the contract changed)
	@$(BIN)/python protos/build.py

events: protos ## Write docs/events.md anew from the contract
	@$(BIN)/python -m gateway.catalogue > docs/events.md.new && mv docs/events.md.new docs/events.md

errors: protos ## Write docs/errors.md anew from the words of the services
	@$(BIN)/python tests/contracts/errors_page.py

protos-baseline: protos ## At a release: make the present contract the one that must not be broken
	@$(BUF) build $(IMAGE) --path comanda --exclude-source-info -o $(BASELINE)

clean: ## Remove the environment and all that was generated; the data of `comanda up` stays
	rm -rf $(VENV) protos/gen .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(READY): constraints.txt $(PROJECTS:%=%/pyproject.toml)
	@test -n "$(PYTHON)" || { echo "Python is missing: install python3 (3.11 or newer) and python3-venv, then repeat." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: install it (on Debian or Ubuntu: apt install python3-venv), then repeat." >&2; exit 1; }
	@test -x $(BIN)/pip || { echo "Creating the environment in $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the pinned libraries (about a minute)"
	@$(PIP) install --no-deps --requirement constraints.txt
	@echo "Installing Comanda's own projects, editable"
	@$(PIP) install --no-deps --no-build-isolation $(PROJECTS:%=--editable ./%)
	@$(PIP) check
	@touch $@
