# Two commands matter: `make demo` reads drawn films (or FILM=path), `make test` runs every test.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml setup.py README.md $(shell find lennox models -type f -not -path '*/__pycache__/*' -not -name '*.so')

.PHONY: demo test test-training lint bench wheel clean

.venv/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

.venv/lennox: .venv/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps .
	$(BIN)/python -m pip install --quiet .
	@touch $@

demo: .venv/lennox
ifdef FILM
	$(BIN)/lennox diagnose "$(FILM)" --format html --overlay --out demo/report
else
	rm -rf demo
	$(BIN)/lennox phantom --out demo/films --count 6 --seed 7
	$(BIN)/lennox diagnose demo/films --format html --overlay --out demo/report
endif
	@echo "Open demo/report/report.html in a browser."

test: .venv/lennox
	$(BIN)/python -m pip install --quiet ".[test]"
	$(BIN)/pytest

test-training: .venv/lennox
	$(BIN)/python -m pip install --quiet "torch==2.13.0" ".[test,train]"
	$(BIN)/pytest tests/training

lint: .venv/lennox
	$(BIN)/python -m pip install --quiet ".[lint]"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/lennox
	$(BIN)/python -m pip install --quiet ".[test,bench]"
	$(BIN)/pytest benchmarks -o python_files='bench_*.py' --benchmark-only

wheel: .venv/python
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf .venv build dist demo *.egg-info
