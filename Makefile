# Two commands do everything on a fresh machine with Python 3.11+ and make:  make try  and  make test.

TORCH  := 2.13.0
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
UV     := 0.13.8
# A file at a time, because modules share their servers. Three processes, because some tests mostly wait; those that
# need no services hardly do, and each process takes its time to load everything.
# Compiled modules are kept, whatever the environment says: each process would compile everything anew.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder
# CI tries more random histories.
HISTORIES := GATHERING_HISTORIES=$${GATHERING_HISTORIES:-5} DESK_HISTORIES=$${DESK_HISTORIES:-25}

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help try test unit check lint fix translations lock release setup clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

try: $(READY) ## Set up what is missing and open a studio on this machine
	@$(BIN)/chatelier up

test: $(READY) ## Set up what is missing and run the tests; all of them with THOROUGH=1
	@$(HISTORIES) $(PYTEST) -n 3 $(ARGS)

unit: $(READY) ## Run the tests that need no services
	@$(HISTORIES) $(PYTEST) -n 2 tests/unit $(ARGS)

check: lint unit ## Style, types, architecture and unit tests, before each commit

lint: $(READY) ## Style, types and architecture only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fix: $(READY) ## Put style right where a tool can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

setup: $(READY) ## Only set up .venv

# pyproject.toml names the entry point, requirements.lock the packages: a change in either installs again.
$(READY): requirements.lock pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh $(TORCH) $(VENV)
	@touch $@

translations: $(READY) ## Collect every sentence and bring the catalogues of translations up to date
	@$(BIN)/python -m chatelier.translations update

lock: ## Resolve requirements.lock and the images' locks anew
	@test -x .make/uv/bin/uv || (python3 -m venv .make/uv && .make/uv/bin/python -m pip install -q uv==$(UV))
	@sh scripts/lock.sh .make/uv/bin/uv $(ARGS)

release: ## Set the version, close the changelog, commit and tag: make release VERSION=0.2.0
	@python3 scripts/release.py $(VERSION)

clean: ## Remove caches and builds (never a studio's own data)
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	@find . \( -path ./$(VENV) -o -path ./.make \) -prune -o \( -name __pycache__ -o -name '*.egg-info' \) -type d -exec rm -rf {} +

distclean: clean ## Also remove the environment
	@rm -rf $(VENV) .make
