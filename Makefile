# `make demo` and `make test` need nothing before them but Python 3.11 to 3.13 and a package index.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& command -v $$p && break; done)
BIN := .venv/bin
UV := uv>=0.9,<1

.PHONY: setup demo test bench lint

setup: .venv/.ready

.venv/.ready: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 is needed; none is on the PATH" >&2; exit 2; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet "$(UV)"
	$(BIN)/uv sync --locked --quiet
	@touch $@

demo: setup
	$(BIN)/alpha-oracle demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n 2 -m "not benchmark"

bench: setup
	$(BIN)/pytest -p no:randomly -m benchmark -s
