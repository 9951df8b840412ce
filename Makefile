# `make repro` and `make test` are all that a fresh machine with Python 3.11 to 3.13, git and make needs.

PYTHON ?= python3
# DVC starts each stage with `python`: the environment's must come first.
ENVIRONMENT := PATH="$(CURDIR)/.venv/bin:$$PATH"

.PHONY: repro test test-all lint bench lock clean

repro: .venv/installed
	$(ENVIRONMENT) dvc repro

test: .venv/installed
	$(ENVIRONMENT) python -m pytest -n 2 --dist loadfile -m "not slow"

test-all: .venv/installed
	$(ENVIRONMENT) python -m pytest -n 2 --dist loadfile

lint: .venv/installed
	$(ENVIRONMENT) ruff check .
	$(ENVIRONMENT) ruff format --check .
	$(ENVIRONMENT) mypy

bench: .venv/installed
	$(ENVIRONMENT) python -m benchmarks.run $(BENCH)

# Installs once; again only when the lock file has changed. An older pip, such as Python 3.11 brings, does not see
# that `etils[epath]` is pinned as `etils`, and stops as soon as there is a newer one (pypa/pip issue 12345).
.venv/installed: requirements.lock
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet "pip>=23.3"
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

# Renews the lock file for all platforms and Python versions; it must name no package registry.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
		--extra tfds --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
