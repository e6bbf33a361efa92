# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11+ and make are all they expect.
PYTHON ?= python3
SEED   := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
VENV   ?= .venv
BIN    := $(VENV)/bin
SHARED ?= ../shared
# a test waits for a server, a browser or a disk half of its time: one process more than there are cores, and no more than four
JOBS   ?= $(shell $(PYTHON) -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))')
SUDO   := $(shell [ "$$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null && echo "sudo -n"; })

.PHONY: help install install-test demo desk demo-real test test-full check bench clean
help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(VENV)/.installed: pyproject.toml constraints.txt tools/system-parts.sh
	$(PYTHON) -c 'import sys; sys.exit("Touchstone needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	@SUDO="$(SUDO)" sh tools/system-parts.sh packages $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade 'pip>=24'
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[postgres,cluster,ocr,plots,test,dev]'
	touch $@

# Chromium renders pages that need JavaScript, Pango writes the PDF, a compiler builds the picture hash: installed where that is
# allowed, and named in a sentence where not.
install: $(VENV)/.installed  ## install into .venv, and the system parts where it may
	@sh tools/system-parts.sh extras $(BIN)/python
install-test: $(VENV)/.installed-test install

demo: install  ## the whole path over the demonstration market, to a verified evidence pack
	$(BIN)/python -m tests.market.demo

desk: install  ## the desk over the demonstration's store
	@test -d var/demo/var || { echo "There is no demonstration yet: make demo"; exit 1; }
	$(BIN)/touchstone serve --home var/demo

demo-real: install  ## the same path over real pages and adverts of $(SHARED), where it is present
	$(BIN)/python -m tests.real.demo $(SHARED)

test: install-test  ## the tests, as CI runs them
	@echo "SEED=$(SEED): 'make $@ SEED=$(SEED)' draws the same random cases again"
	TOUCHSTONE_SEED=$(SEED) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --hypothesis-seed=$(SEED) -m "not slow"

test-full: install-test  ## the long batteries too
	@echo "SEED=$(SEED): 'make $@ SEED=$(SEED)' draws the same random cases again"
	TOUCHSTONE_SEED=$(SEED) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --hypothesis-seed=$(SEED)

check: install-test  ## style, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: install-test  ## what it costs, beside what a user would pick instead
	for b in benchmarks/*.py; do PYTHONPATH=. $(BIN)/python $$b || exit 1; done

clean:
	rm -rf $(VENV) var dist build
