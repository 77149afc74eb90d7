# Papyrus builds and tests itself with Python 3.11 to 3.13 and nothing else: every target below sets
# up what it needs, downloads only the first time, and works without a network afterwards.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Where the official vectors and the chains made by Lotus lie.
VECTORS ?= ../shared/vectors
CHAINS ?= ../shared/chains
# Worker processes, for tests and conformance alike.
JOBS ?= 2
FUZZ_SECONDS ?= 60
# More for pytest, for instance PYTEST_ARGS="-k hamt -x".
PYTEST_ARGS ?=

SPEC_HALF := primitives crypto ipld rules types proofs vm actors consensus genesis
UV_VERSION := 0.13.9

# The packages come from the lock file alone: no other environment, index or path may join in.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONUNBUFFERED
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_PYTHON UV_FROZEN UV_LOCKED
unexport PIP_FIND_LINKS UV_FIND_LINKS
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE ?= copy
# Behind a proxy with a certificate of its own, whom the machine trusts is trusted here.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs /etc/pki/tls /System/Library),true,false)

# An environment is as good as its lock: the stamp's name holds the checksum of what it was made
# from, so that a fresh stamp means nothing is left to do, and a checkout's file times mean nothing.
LOCK := $(shell cat pyproject.toml uv.lock | cksum | tr -s ' ' -)
DEV := .venv/.papyrus-$(LOCK)
DOCS := .venv-docs/.papyrus-$(LOCK)
FUZZ := .venv-fuzz/.papyrus-$(LOCK)
MUTATION := .venv-mutation/.papyrus-$(LOCK)
# Clients that others wrote: those in Python have an environment of their own, those in JavaScript npm's.
CLIENTS := .venv-clients/.papyrus-$(LOCK)$(shell cksum < tests/clients/requirements.txt | tr -s ' ' -)
CLIENTS_JS := tests/clients/js/node_modules/.papyrus-$(shell cksum < tests/clients/js/package-lock.json | tr -s ' ' -)
PATH_UV := $(shell command -v uv 2>/dev/null)
UV := $(if $(PATH_UV),$(PATH_UV),.tools/uv-$(UV_VERSION))

.PHONY: help setup check format-check lint types imports test test-full bench conformance fuzz
.PHONY: kill-test life-test coverage mutation docs format clean differential differential-controls exit-codes
.PHONY: devnet clients setup-clients

help:
	@sed -n 's/^## /  make /p' $(firstword $(MAKEFILE_LIST))

## setup        make .venv with everything the other targets need
setup: $(DEV)

## devnet       a Filecoin of your own on this machine (DEVNET_ARGS="--block-time 4")
devnet: $(DEV)
	@.venv/bin/papyrus devnet $(DEVNET_ARGS)

## check        formatting, lint, types, layers
check: format-check lint types imports

format-check: $(DEV)
	.venv/bin/ruff format --check .

lint: $(DEV)
	.venv/bin/ruff check .
	.venv/bin/codespell $$(git ls-files 2>/dev/null)

types: $(DEV)
	.venv/bin/mypy

imports: $(DEV)
	.venv/bin/lint-imports --no-logo

format: $(DEV)
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

## test         the whole suite, at most 12 minutes on 2 cores
test: $(DEV)
	.venv/bin/pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

## clients      Filecoin clients that others wrote, driven against a devnet (needs Node.js 20)
clients: setup-clients
	.venv/bin/pytest -n $(JOBS) tests/clients $(PYTEST_ARGS)

## setup-clients  install them, so that make test drives them too
setup-clients: $(DEV) $(CLIENTS) $(CLIENTS_JS)

## test-full    the same tests with larger counts; hours
test-full: $(DEV)
	HYPOTHESIS_PROFILE=full .venv/bin/pytest -n $(JOBS) --dist worksteal -m "" $(PYTEST_ARGS)

## kill-test    a devnet with traffic, killed 500 times; half an hour (KILL_ARGS="--kills 50")
kill-test: $(DEV)
	@.venv/bin/python -m scripts.kill_devnet $(KILL_ARGS)

## life-test    a sector from its first proof to its expiry half a year later; an hour
life-test: $(DEV)
	@.venv/bin/python -m scripts.sector_life $(LIFE_ARGS)

## coverage     line coverage of the spec half, at least 90 %
coverage: $(DEV)
	rm -f .coverage .coverage.*
	COVERAGE_CORE=$$(.venv/bin/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")') \
	  .venv/bin/coverage run -m pytest -q -n $(JOBS) $(PYTEST_ARGS)
	.venv/bin/python -m scripts.killed_coverage
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report --fail-under=90 --skip-covered \
	  --include="$$(printf 'src/papyrus/%s/*,' $(SPEC_HALF))"

## conformance  the main job: official vectors, then Lotus' chains (VECTORS=, CHAINS=, JOBS=)
conformance: $(DEV)
	@.venv/bin/python -m scripts.conformance --jobs $(JOBS) --vectors "$(VECTORS)" --chains "$(CHAINS)"

## differential  random messages to Python and released actors side by side, at length; goes on
differential: $(DEV)
	@.venv/bin/python -m scripts.differential $(DIFFERENTIAL_ARGS)

## differential-controls  one deliberate mistake at a time, which such messages must notice
differential-controls: $(DEV)
	@.venv/bin/python -m scripts.negative_controls $(DIFFERENTIAL_ARGS)

## exit-codes   the page of exit codes, from what differential has counted
exit-codes: $(DEV)
	@.venv/bin/python -m scripts.exit_codes

## bench        measure, with ratios; JSON is kept in .bench/
bench: $(DEV)
	.venv/bin/python -m benchmarks $(BENCH_ARGS)

## fuzz         atheris on every parser, FUZZ_SECONDS=60 each
fuzz: $(FUZZ)
	.venv-fuzz/bin/python -m fuzz --seconds $(FUZZ_SECONDS)

## mutation     mutmut on gas, AMT, HAMT and bit fields (MUTATION_ARGS="papyrus.ipld.amt*")
mutation: $(MUTATION)
	CI=true .venv-mutation/bin/mutmut run --max-children $(JOBS) $(MUTATION_ARGS)
	@echo "Survivors:"; .venv-mutation/bin/mutmut results | grep -v "not checked" || echo "    none"

## docs         the documentation as a site, in site/
docs: $(DOCS)
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict

## clean        remove all that these targets made, environments included
clean:
	rm -rf .venv .venv-docs .venv-fuzz .venv-mutation .venv-clients tests/clients/js/node_modules .tools site dist build mutants
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz .differential
	rm -f .coverage .coverage.*
	find src tests benchmarks fuzz scripts docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python on the PATH that Papyrus runs on; each is run, since a name alone proves nothing.
FIND_PYTHON = for name in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	    "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	      >/dev/null 2>&1 && { python=$$name; break; }; \
	  done; \
	  [ -n "$${python:-}" ] || \
	    { echo "Papyrus needs Python 3.11, 3.12 or 3.13 on the PATH (or make PYTHON=...)" >&2; exit 2; }

# Two makes at once are safe: each fills a folder of its own, and the move is atomic.
.tools/uv-$(UV_VERSION):
	@$(FIND_PYTHON); \
	  mkdir -p .tools && own=$$(mktemp -d .tools/making.XXXXXX) && trap 'rm -rf "$$own"' EXIT; \
	  "$$python" -m venv "$$own" || \
	    { echo "$$python has no working venv module (Debian: apt install python3-venv)" >&2; exit 2; }; \
	  "$$own/bin/python" -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
	  mv -f "$$own/bin/uv" $@

# What an environment holds: uv's own words for it. uv locks each environment while it changes it.
# The cache is tried first, so that a changed lock file alone needs no network either.
define environment
	@$(FIND_PYTHON); \
	  folder=$(@D); \
	  [ -x "$$folder/bin/python" ] && python=$$folder/bin/python; \
	  export UV_PROJECT_ENVIRONMENT=$$folder; \
	  $(UV) sync --frozen --quiet --offline --python "$$python" $(1) 2>/dev/null || \
	    $(UV) sync --frozen --python "$$python" $(1); \
	  rm -f "$$folder"/.papyrus-*; touch $@
endef

$(DEV): | $(UV)
	$(call environment,--group dev)

$(DOCS): | $(UV)
	$(call environment,--only-group docs)

$(FUZZ): | $(UV)
	$(call environment,--no-default-groups --group fuzz)

$(MUTATION): | $(UV)
	$(call environment,--group dev --group mutation)

# pylotus-rpc is built and installed by pip: its archive holds a link out of itself, which uv refuses.
$(CLIENTS): | $(UV)
	$(call environment,--only-group clients)
	@rm -f $@; $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --require-hashes -r tests/clients/requirements.txt
	@touch $@

$(CLIENTS_JS):
	@command -v npm >/dev/null || \
	  { echo "the clients in JavaScript need Node.js 20 or later, with npm, on the PATH" >&2; exit 2; }
	npm ci --prefix tests/clients/js --ignore-scripts --no-audit --no-fund
	@touch $@
