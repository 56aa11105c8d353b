# Five verbs: serve, test, check, lock, clean. Everything lives in .venv; nothing else on the machine changes.
.DEFAULT_GOAL := help
.PHONY: help serve test check lock examples openapi wheelhouse clean

PYTHON ?= python3
PLANS ?= ../shared/plans
BIN := .venv/bin
# An intranet installs from a folder of wheels: make serve WHEELHOUSE=wheelhouse
PIP_FROM := $(if $(WHEELHOUSE),--no-index --find-links $(WHEELHOUSE))
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet $(PIP_FROM)

help:
	@echo "make serve   install, migrate, publish the seed, serve on http://$${HOST:-127.0.0.1}:$${PORT:-8000}"
	@echo "make test    install what the tests need and run them on SQLite and PostgreSQL"
	@echo "make check   lint, types, seed, schema, OpenAPI snapshot"
	@echo "make lock    renew requirements*.lock after a change of pyproject.toml"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

serve: .venv/.run
	@exec $(BIN)/catalogue serve --publish seed

test: .venv/.dev
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/catalogue check seed $(if $(wildcard $(PLANS)),--plans $(PLANS))
	$(BIN)/python -m tests.schema
	$(BIN)/catalogue export openapi | diff -u openapi.json - \
	  || { echo 'openapi.json is not what the program says: run make openapi and look at the difference'; exit 1; }

openapi: .venv/.run
	$(BIN)/catalogue export openapi openapi.json

examples: .venv/.dev
	$(BIN)/python -m tests.examples
	$(MAKE) openapi

lock: .venv/.dev
	$(BIN)/uv pip compile --quiet --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock

wheelhouse: | $(BIN)/python
	$(BIN)/python -m pip --disable-pip-version-check download --quiet --require-hashes -r requirements.lock -d wheelhouse

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
