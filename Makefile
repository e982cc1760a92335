SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# Words for the command behind a target: `make run ARGS="--duration 30"`, `make test ARGS="-k journal"`.
ARGS ?=
COMPILE := pip compile --quiet --universal --generate-hashes --no-header
EXTRAS := --extra research --extra portfolio --extra ml

.PHONY: help setup setup-dev bytecode run test check ocaml fmt bench up down logs docker-test lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Make .venv with the locked packages (PYTHON=… names the interpreter)
	@deploy/setup.sh runtime

setup-dev:
	@deploy/setup.sh dev

# Tests and benchmarks start hundreds of processes; where PYTHONDONTWRITEBYTECODE is set each would compile all it loads anew.
bytecode: setup-dev
	@$(BIN)/python -m compileall -q common services orrery

run: setup ## Start the paper stack on simulated data; Ctrl-C ends it
	@$(BIN)/orrery up $(ARGS)

test: bytecode ## Run every test
	@$(BIN)/pytest $(ARGS)

coverage: bytecode ## Run every test and tell which lines ran, in all processes; a third slower
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

lint: setup-dev ## Format, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

check: lint bytecode ## The same, and the quick tests, in a few minutes
	@$(BIN)/pytest -q -m "not slow and not docker" tests/architecture tests/unit tests/contract tests/docker

ocaml: ## Build the OCaml indicators and run their tests (needs dune; installs it on Debian as root)
	@deploy/ocaml.sh test

fmt: setup-dev ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: bytecode ## Print the performance figures, beside their floors
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peers: setup-dev ## Time other people's backtest engines beside ours, each in an environment of its own
	@$(BIN)/python -m benchmarks.peers $(ARGS)

up: ## Start the stack with Prometheus and Grafana in containers
	@docker compose up --build --detach $(ARGS)

down: ## Stop the containers; journals and keys stay in their volumes
	@docker compose down $(ARGS)

logs: ## Follow the containers' logs
	@docker compose logs --follow --tail 100 $(ARGS)

docker-test: setup-dev ## Run the tests that need a container engine
	@$(BIN)/pytest -m docker $(ARGS)

lock: setup-dev ## Resolve the dependencies anew into the three lock files
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv $(COMPILE) --output-file requirements-services.lock pyproject.toml
	@$(BIN)/uv $(COMPILE) $(EXTRAS) --constraint requirements-services.lock \
	  --output-file requirements.lock pyproject.toml
	@$(BIN)/uv $(COMPILE) $(EXTRAS) --group dev --constraint requirements.lock \
	  --output-file requirements-dev.lock pyproject.toml

clean: ## Remove what the tools have left; .venv and journals stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
