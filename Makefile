# `make help` lists what there is. uv is used when present, otherwise python3 -m venv and pip; both install
# exactly the versions and hashes of constraints.txt.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
PARALLEL ?= 2
REAL_DATA ?= ../shared/data

# Tests and checks start many processes: each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo real-data test check audits bench nightly lock clean

help: ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed ## a virtual environment with the pinned versions

$(VENV)/.installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Touchstone needs Python 3.11 or newer. Name one: make $(firstword $(MAKECMDGOALS) install) PYTHON=python3.12"; exit 2; }
ifneq ($(UV),)
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r constraints.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "This Python cannot make virtual environments. On Debian: apt install python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@

demo: install ## the main job on a seeded business, then serves it (DEMO="--no-serve": does not)
	$(BIN)/touchstone demo $(DEMO)

real-data: install ## the whole job on the data sets in REAL_DATA, see docs/real-data.md
	rm -rf var/real-data && mkdir -p var/real-data
	PATH="$(abspath $(BIN)):$$PATH" TOUCHSTONE_DATABASE_URL=sqlite:///var/real-data/online-retail.db \
	  sh docs/examples/online-retail/run.sh $(REAL_DATA)/online_retail_II/online_retail_II.parquet
	PATH="$(abspath $(BIN)):$$PATH" TOUCHSTONE_DATABASE_URL=sqlite:///var/real-data/maven.db \
	  sh docs/examples/maven/run.sh $(REAL_DATA)/maven_crm

test: install ## every test of ordinary size
	$(BIN)/python -m pytest -n $(PARALLEL) --dist loadgroup --durations 25 --durations-min 5

check: install ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audits: install ## GraphQL over HTTP judged by the audits of npm's graphql-http (needs node and npm)
	$(BIN)/python -m tests.audits

bench: install ## measurements: ratios within one run, peak memory
	$(BIN)/python -m tests.bench

nightly: install ## the large sizes
	$(BIN)/python -m pytest -n $(PARALLEL) --dist loadgroup -m nightly

lock: ## resolve pyproject.toml into constraints.txt again (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate \
	  --extra dev --extra fast --python-version 3.11 pyproject.toml -o constraints.txt

clean: ## removes what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var
