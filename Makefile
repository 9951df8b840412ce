# `make repro` and `make test` are all that a fresh machine with Python 3.11.4 to 3.13, git and make needs.

PYTHON ?= python3
FAULTS_SEED ?= $(shell date +%s)
# DVC starts each stage with `python`: the environment's must come first.
ENVIRONMENT := PATH="$(CURDIR)/.venv/bin:$$PATH"
EXTRA_LOCKS := locks/cluster.lock locks/demo.lock locks/export.lock locks/heic.lock locks/hub.lock locks/int8.lock locks/parquet.lock locks/tfds.lock

.PHONY: repro test test-thorough test-all test-extras test-backend test-cluster test-references faults lint bench mutants advisories lock clean

repro: .venv/installed
	$(ENVIRONMENT) dvc repro

test: .venv/installed
	$(ENVIRONMENT) python -m pytest -n 2 --dist loadfile -m "not slow and not faults and not thorough" $(PYTEST)

# The many cases of edits, faults and exports, that a change has to pass before it lands.
test-thorough: .venv/installed
	$(ENVIRONMENT) python -m pytest -n 2 --dist loadfile -m "thorough and not slow and not faults" $(PYTEST)

test-all: .venv/installed
	$(ENVIRONMENT) python -m pytest -n 2 --dist loadfile -m "not faults" $(PYTEST)

# Kills, full disks, damaged files: what docs/reliability.md promises, and its figures. Takes half an hour or more.
faults: .venv/installed
	@echo "FAULTS_SEED=$(FAULTS_SEED)"
	@mkdir -p build && rm -f build/faults.jsonl
	$(ENVIRONMENT) FAULTS_SEED=$(FAULTS_SEED) FAULTS_LEDGER=$(CURDIR)/build/faults.jsonl \
		python -m pytest -n 2 --dist loadfile tests/faults $(PYTEST)
	$(ENVIRONMENT) python -m tools.write_reliability build/faults.jsonl

# The tests that need an extra, where all extras are: a skipped one is a failure here, unless it lacks a browser.
test-extras: .venv-extras/installed
	PATH="$(CURDIR)/.venv-extras/bin:$$PATH" python -m pytest -p tools.fail_on_skip -m "extra and not faults" $(PYTEST)

# The long half of the tests of `stacker repro`: kills, and a Ray cluster of two nodes on this machine. Takes a quarter of an hour.
test-cluster: .venv-extras/installed
	PATH="$(CURDIR)/.venv-extras/bin:$$PATH" python -m pytest -p tools.fail_on_skip -m "extra and faults" $(PYTEST)

# The tests of what runs networks, on another backend of Keras: `make test-backend BACKEND=torch`. Then the stages there,
# each in a process of its own, with what they saved loaded on TensorFlow, and the default with two epochs.
BACKEND ?= jax
BACKEND_TESTS := tests/inference tests/training tests/ensembles \
	tests/stages/test_embed.py tests/stages/test_train.py tests/stages/test_stack.py
test-backend: .venv-$(BACKEND)/installed
	PATH="$(CURDIR)/.venv-$(BACKEND)/bin:$$PATH" KERAS_BACKEND=$(BACKEND) \
		python -m pytest -n 2 --dist loadfile -m "not slow" $(BACKEND_TESTS) $(PYTEST)
	PATH="$(CURDIR)/.venv-$(BACKEND)/bin:$$PATH" python -m pytest -k $(BACKEND) \
		tests/stages/test_backends.py tests/e2e/test_backends_repro.py $(PYTEST)

# Vision transformers of real sizes against Hugging Face `transformers`, which runs on PyTorch.
test-references: .venv-references/installed
	PATH="$(CURDIR)/.venv-references/bin:$$PATH" python -m pytest -p tools.fail_on_skip -m slow \
		tests/backbones/test_against_transformers.py $(PYTEST)

lint: .venv/installed
	$(ENVIRONMENT) ruff check .
	$(ENVIRONMENT) ruff format --check .
	$(ENVIRONMENT) mypy
	$(ENVIRONMENT) lint-imports

bench: .venv/installed
	$(ENVIRONMENT) python -m benchmarks.run $(BENCH)

# Changes the code of five rooms in thousands of ways, one at a time, and lists the changes that no test notices. Takes
# long, and goes on where it was stopped; MUTANTS="stacker.scoring.scores*" takes those alone. More: CONTRIBUTING.md.
mutants: .venv-mutants/installed
	PATH="$(CURDIR)/.venv-mutants/bin:$$PATH" mutmut run $(MUTANTS)
	PATH="$(CURDIR)/.venv-mutants/bin:$$PATH" python -m tools.count_mutants

# Asks PyPI's advisory database, over the network, whether a version that a lock file pins has a known vulnerability.
advisories: .venv-advisories/installed
	.venv-advisories/bin/pip-audit --strict --require-hashes --disable-pip \
		$(addprefix -r ,requirements.lock $(sort $(wildcard locks/*.lock)))

# Environments are installed once, and again when what they are made from has changed.
.venv/installed: requirements.lock locks/opencv-headless.lock pyproject.toml
	$(call install,.venv,requirements.lock)

.venv-extras/installed: requirements.lock locks/opencv-headless.lock pyproject.toml $(EXTRA_LOCKS) locks/browser.lock locks/cluster-tests.lock locks/jax.lock locks/notebook.lock
	$(call install,.venv-extras,requirements.lock $(EXTRA_LOCKS) locks/browser.lock locks/cluster-tests.lock locks/jax.lock locks/notebook.lock)

.venv-references/installed: requirements.lock locks/opencv-headless.lock pyproject.toml locks/torch.lock locks/references.lock
	$(call install,.venv-references,requirements.lock locks/torch.lock locks/references.lock)

.venv-jax/installed .venv-torch/installed: .venv-%/installed: requirements.lock locks/opencv-headless.lock pyproject.toml locks/%.lock
	$(call install,.venv-$*,requirements.lock locks/$*.lock)

.venv-mutants/installed: requirements.lock locks/opencv-headless.lock pyproject.toml locks/mutants.lock
	$(call install,.venv-mutants,requirements.lock locks/mutants.lock)

.venv-advisories/installed: requirements.lock locks/opencv-headless.lock pyproject.toml locks/advisories.lock
	$(call install,.venv-advisories,requirements.lock locks/advisories.lock)

# Makes the environment $(1) from the lock files $(2), and this project in it.
# - Another Python is refused at once, not by pip when all else has been downloaded.
# - An older pip, such as Python 3.11 brings, does not see that `etils[epath]` is pinned as `etils`, and stops as soon
#   as there is a newer one (pypa/pip issue 12345; mended in 23.3); 24.1 is the first that tells programs how far it is.
# - The two builds of OpenCV write the same files: what one installed over the other is lost when either is removed.
# - Building this project with isolation would fetch build tools that no hash pins. (-qq: setuptools warns each time
#   that an editable package is found in the working folder too, which is meant.)
define install
	@$(PYTHON) -c 'import sys; (3, 11, 4) <= sys.version_info < (3, 14) or sys.exit( \
		"Python 3.11.4 to 3.13 is needed, received " + sys.version.split()[0] + ": name one with PYTHON=<path>")'
	$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet "pip>=24.1"
	$(1)/bin/python -m pip uninstall -qq --yes opencv-python opencv-python-headless
	$(1)/bin/python tools/install_packages.py $(2)
	$(1)/bin/python tools/install_opencv.py
	$(1)/bin/python -m pip install -qq --no-deps --no-build-isolation --editable .
	touch $@
endef

# Renews all lock files, keeping the versions that still fit; `make lock LOCK=--upgrade` takes the newest of each.
lock:
	python3 tools/lock.py $(LOCK)

# Leaves what the stages wrote, but for what a killed one left unfinished.
clean:
	rm -rf .venv .venv-* .coverage* .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build mutants *.egg-info
	find data metrics models plots -name ".partial-*" -prune -exec rm -rf {} +
