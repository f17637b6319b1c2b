# What can be done here: `make help`. Every target may be run again at any time.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
SERVE ?= 1
DIRECTORY ?= openldap
PHONE_SYSTEM ?=
PORT ?= 8000
DIRECTORY_PORT ?= 3890
PEOPLE ?= 20000
DATABASE ?= sqlite
RUNS ?= 500
MINUTES ?= 20
ARGS ?=

# Always `python -m`: scripts in .venv/bin name their interpreter by a path that
# stops being true when the folder is moved.
RUN := .venv/bin/python
TESTS_ON_sqlite := pytest
TESTS_ON_postgresql := tests.on_postgresql
TESTS_ON_postgresql-redis := tests.on_postgresql --redis
MANAGE := $(RUN) manage.py
export PYTHON DIRECTORY
# Commands start in two thirds of the time where their bytecode is kept, and demo and tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: ready-to-run ## a directory with a sample company, the first sync, then the site until Ctrl-C (SERVE=0: no site; PORT=8000; DIRECTORY=ad: an Active Directory; PHONE_SYSTEM=mikopbx-simulator: a MikoPBX as third corner)
	@$(RUN) -m fixtures.demo all --directory "$(DIRECTORY)" --phone-system "$(PHONE_SYSTEM)" --serve "$(SERVE)" --port "$(PORT)" --directory-port "$(DIRECTORY_PORT)"

.PHONY: demo-directory
demo-directory: ready-to-run ## only the directory of the last demo, until Ctrl-C
	@$(RUN) -m fixtures.demo directory --directory-port "$(DIRECTORY_PORT)"

.PHONY: demo-stop
demo-stop: ready-to-run ## stop the directory that `make demo SERVE=0` left running
	@$(RUN) -m fixtures.demo stop

.PHONY: test
test: ready-to-test ## all tests (ARGS="tests/core -n0 -k name" for some; DATABASE=postgresql or postgresql-redis: on servers started for it)
	@$(RUN) -m $(or $(TESTS_ON_$(DATABASE)),$(error DATABASE is sqlite, postgresql or postgresql-redis)) $(ARGS)

.PHONY: test-mikopbx
test-mikopbx: ready-to-test ## the contract of phone systems on a real MikoPBX (URL=https://pbx KEY=…); deletes only whom it made
	@MIKOPBX_URL="$(URL)" MIKOPBX_KEY="$(KEY)" $(RUN) -m pytest -n0 -q tests/telephony/test_contract.py -k TestRealBox

.PHONY: check
check: ready-to-test ## format, lint, types, import contracts, migrations, system checks, translations
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy
	@$(RUN) -m pytest -q -n0 tests/test_architecture.py tests/test_translations.py
	@$(MANAGE) makemigrations --check --dry-run
	@$(MANAGE) check --fail-level WARNING

.PHONY: format
format: ready-to-test ## let ruff format and fix
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --fix .

.PHONY: messages
messages: ready-to-test ## bring the translations up to date with the code, and compile them
	@deploy/messages.sh

.PHONY: bench
bench: ready-to-run var/benchmark-packages ## synchronising beside the plain ways and ldap_sync_users (ARGS="reading writing changes domain growth photos --rounds 3": some alone; PEOPLE=20000)
	@$(RUN) -m benchmarks.run --people "$(PEOPLE)" $(ARGS)

# What is only measured beside is kept away from what the program runs with.
var/benchmark-packages: benchmarks/requirements.txt
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $@ -r $< || echo "ldap_sync_users cannot be installed, and is left out."
	@if [ -d $@ ]; then touch $@; fi

.PHONY: bench-pages
bench-pages: ready-to-run ## server time of the main pages with 1,000 and with 100,000 people
	@$(RUN) -m benchmarks.pages $(ARGS)

.PHONY: soak
soak: ready-to-run ## weeks of a worker in minutes, on changing data: memory and tables must stay flat (RUNS=500, MINUTES=20)
	@$(RUN) -m benchmarks.soak --runs "$(RUNS)" --minutes "$(MINUTES)"

.PHONY: screenshots
screenshots: ready-to-test ## pictures of the main pages in docs/images, both languages, light and dark
	@$(RUN) -m fixtures.screenshots

.PHONY: pins
pins: ## write constraints.txt anew from the requirements
	@deploy/pins.sh

.PHONY: ready-to-run ready-to-test
ready-to-run:
	@deploy/prepare.sh run
ready-to-test:
	@deploy/prepare.sh test
