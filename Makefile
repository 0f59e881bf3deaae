# Everything that is done with Planner. Needs Python 3.11 or newer and make; all else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# As many test processes as cores, but no more than four: each has a database.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo 4 || echo $$n)

.DEFAULT_GOAL := help
.PHONY: help run demo doctor test check format fuzz bench lock clean

help:  ## What can be made
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-16s%s\n", $$1, $$2}'

run: $(VENV)/.runtime  ## Start Planner with all its servers on http://127.0.0.1:8000; Ctrl-C stops it
	@exec $(BIN)/planner up

demo: $(VENV)/.runtime  ## Fill in a company to look at: 40 people, 8 rooms, three months of meetings
	@$(BIN)/planner demo

doctor: $(VENV)/.runtime  ## Say what is configured, reachable and out of date
	@$(BIN)/planner doctor

test: $(VENV)/.tools  ## Run every test, on real servers that it starts itself
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/.tools  ## Lint, types, import rules, lock files, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/lock.py check
	$(BIN)/python tools/check_migrations.py

format: $(VENV)/.tools  ## Put the code into its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: $(VENV)/.tools  ## Send the API thousands of requests made from its OpenAPI document
	$(BIN)/python -m pytest fuzz

bench: $(VENV)/.tools  ## Measure, and write the table in docs/performance.md
	$(BIN)/python -m bench --write

lock: $(VENV)/.tools  ## Pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --group dev \
	  --quiet --no-header --no-emit-index-url pyproject.toml --output-file requirements.lock
	$(BIN)/python tools/lock.py export

clean:  ## Remove the environment and caches; data in ./var stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# Where uv cannot be installed, or not reach the registry as pip is set up to, pip does the work, slower.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  || { printf '#!/bin/sh\nexit 1\n' > $@; chmod +x $@; }
	@touch $@

define install
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) 2>$(VENV)/install.log \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@# The command `planner` and the package itself, in place; nothing is downloaded for it.
	@$(BIN)/python tools/link.py
endef

$(VENV)/.runtime: requirements.txt pyproject.toml | $(BIN)/uv
	@echo "Preparing the environment in $(VENV) ..."
	$(call install,requirements.txt)
	@touch $@

$(VENV)/.tools: requirements.lock pyproject.toml | $(BIN)/uv
	@echo "Preparing the environment with its tools in $(VENV) ..."
	$(call install,requirements.lock)
	@touch $@ $(VENV)/.runtime
