# Two commands for a new machine: `make demo` and `make test`. Both may be repeated; what is
# there already is not installed again.

VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TESTED := $(VENV)/.ready-test
# Each brings a compiler, an emulator or a programmer that tests use.
BOARDS := --board native --board qemu-m4 --board qemu-riscv32 --board qemu-lx6 \
	--board esp32 --board arduino-mega --board stm32f405
FUZZ_SECONDS ?= 600
SUDO   := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)

# The first Python that tinyflow supports, unless PYTHON says which. Python 3.13 comes last: the
# reference interpreter, which `tinyflow verify` asks, has no release for it.
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.10; do \
	"$$p" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null \
	&& echo "$$p" && exit; done; \
	for p in python3 python3.13; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null \
	&& echo "$$p" && exit; done)

.PHONY: help demo test bench fuzz lint format setup clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo    set up, then train, build and run the digits example on an emulated board'
	@echo 'make test    set up, then run all checks and tests'
	@echo 'make bench   count the reference models on every emulated core, and tell what changed'
	@echo 'make fuzz    feed hostile lines, boards and models for FUZZ_SECONDS (600) each'
	@echo 'make lint    ruff, mypy, import-linter, clang-format'
	@echo 'make format  let ruff and clang-format rewrite the sources'
	@echo 'make clean   remove what these commands made, the virtual environment included'

demo: $(READY)
	$(BIN)/tinyflow doctor --board qemu-m4 --install > /dev/null
	[ -d digits ] || $(BIN)/tinyflow init digits
	cd digits && ../$(BIN)/tinyflow deploy --board qemu-m4

test: $(TESTED)
	$(BIN)/tinyflow doctor $(BOARDS) --install > /dev/null
	@# Only tests use these. Debian's bossac knows no board of ours, but speaks their protocol.
	@# A system that has no such package goes without: its tests are skipped and say so.
	@missing=; command -v g++ > /dev/null || missing=g++; \
	command -v bossac > /dev/null || missing="$$missing bossa-cli"; \
	command -v chromium > /dev/null || command -v chromium-browser > /dev/null \
	|| missing="$$missing chromium"; \
	[ -z "$$missing" ] || ! command -v apt-get > /dev/null \
	|| { $(SUDO) apt-get update && \
	there=$$(for name in $$missing; do \
	! apt-cache show "$$name" > /dev/null 2>&1 || echo "$$name"; done) && \
	$(SUDO) apt-get install -y --no-install-recommends $$there; }
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST)

bench: $(TESTED)
	$(BIN)/python benchmarks/run.py

# What reaches new code is kept in fuzz-corpus/, a finding in fuzz-finding-*.
fuzz: $(TESTED)
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	mkdir -p fuzz-corpus/model fuzz-corpus/link fuzz-corpus/board
	$(BIN)/python tests/fuzz/fuzz_board.py -max_total_time=$(FUZZ_SECONDS) \
	-artifact_prefix=fuzz-finding-board- fuzz-corpus/board
	$(BIN)/python tests/fuzz/fuzz_link.py -max_total_time=$(FUZZ_SECONDS) \
	-artifact_prefix=fuzz-finding-link- fuzz-corpus/link
	$(BIN)/python tests/fuzz/fuzz_model.py -max_total_time=$(FUZZ_SECONDS) \
	-artifact_prefix=fuzz-finding- fuzz-corpus/model tests/fuzz/corpus

lint: $(TESTED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files '*.c' '*.h' | xargs $(BIN)/clang-format --dry-run -Werror

format: $(TESTED)
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	git ls-files '*.c' '*.h' | xargs $(BIN)/clang-format -i

setup: $(TESTED)

clean:
	rm -rf $(VENV) digits build dist fuzz-corpus

# A venv that pip did not finish has no stamp, and is made anew.
$(READY): pyproject.toml
	@[ -n '$(PYTHON)' ] || { echo 'error: no Python 3.10 to 3.13 on PATH'; \
	echo '  hint: sudo apt-get install python3 python3-venv'; \
	echo '  hint: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12'; exit 4; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	command -v apt-get >/dev/null || { echo 'error: this Python cannot make virtual environments'; \
	echo '  hint: install the venv module of $(PYTHON) (python3-venv, python3-virtualenv)'; \
	exit 4; }; \
	$(SUDO) apt-get update && $(SUDO) apt-get install -y --no-install-recommends \
	"python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(TESTED): $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@
