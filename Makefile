# `make demo` and `make test` do all their own set-up: a Python from 3.11 to 3.13 is enough.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
.PHONY: demo test check fix model lock

demo: $(VENV)/.core
	$(VENV)/bin/pharmavoix demo -o demo-output

test: $(VENV)/.dev
	$(PY) -m pytest

check: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

fix: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix .

# The model that ships, from seeds/ and ../shared/train (left out, and said, where it is not there).
model: $(VENV)/.dev
	$(PY) -m training.make_model

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "PharmaVoix needs Python 3.11 to 3.13; found: $$($(PYTHON) --version 2>&1). Set PYTHON=python3.12, say."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python requirements.lock pyproject.toml
	$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --no-deps -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core requirements-dev.lock
	$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

# The versions that were tested; not in the lock, since torch's builds differ by machine.
$(VENV)/.finetune: $(VENV)/.dev
	$(PY) -m pip install --quiet torch==2.13.0 transformers==5.23.0
	touch $@

# Versions with hashes, no index address; run on the oldest Python that is supported.
lock:
	$(PYTHON) -m piptools compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-options --allow-unsafe \
	  --output-file requirements.lock pyproject.toml
	$(PYTHON) -m piptools compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-options --allow-unsafe \
	  --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
