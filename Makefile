# fastapi-bench. `make help` lists what there is; every target sets up what it needs first.

PYTHON ?= python3
SETUP ?= uvicorn
PORT ?= 8000
RUN ?= reports/latest
WORKERS ?= 0
ARGS ?=

VENV = .venv
PY = $(VENV)/bin/python
PYTEST = $(PY) -m pytest -q --benchmark-disable
READY = $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help install bench test fuzz check serve locust micro study report compare doctor selftest calibrate bench-ci bench-generators bench-features clean

help: ## list the targets
	@echo "fastapi-bench: which server, async or sync, and is this change slower?"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'
	@echo
	@echo "  ARGS=... hands further options to bench, e.g. make bench ARGS='--minutes 10'"

install: $(READY) ## create .venv with the pinned dependencies

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || \
	  { echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing into $(VENV) (about a minute, once)" >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

bench: $(READY) ## measure the default plan and write a report (about 5 minutes)
	@$(PY) -m bench run default $(ARGS)

test: $(READY) ## run the tests
	@$(PYTEST) -n 2 --dist loadfile -m "not alone" $(ARGS); shared=$$?; test $$shared -eq 0 -o $$shared -eq 5 || exit 1; \
	$(PYTEST) -m alone $(ARGS); alone=$$?; test $$alone -eq 0 -o $$alone -eq 5 && test $$shared$$alone -ne 55 # 5: no test

fuzz: $(READY) ## try the target app with 100 odd requests of each kind (half an hour)
	@SCHEMATHESIS_EXAMPLES=100 $(PYTEST) -n 2 tests/target_app/test_schema.py tests/target_app/test_hostile.py $(ARGS)

check: $(READY) ## lint, format, types, layers, rules of the house
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-cache
	@$(PY) -m tools.house

serve: $(READY) ## serve the app: make serve SETUP=uvicorn PORT=8000
	@$(PY) -m bench serve $(SETUP) --port $(PORT) $(ARGS)

locust: $(READY) ## serve the app with Locust's web UI on 127.0.0.1:8089: make locust SETUP=uvicorn WORKERS=2
	@$(PY) -m bench locust $(SETUP) --workers $(WORKERS) $(ARGS)

# A run's own folder where RUN names one, so that its report finds the file.
micro: MICRO = $(if $(filter file,$(origin RUN)),reports,$(RUN))/micro.json
micro: $(READY) ## time endpoints and the layers below them in-process, into reports/micro.json or RUN's folder
	@mkdir -p "$(dir $(MICRO))"
	@$(PY) -m pytest -q tests/benchmarks --benchmark-only --benchmark-disable-gc \
	  --benchmark-max-time=0.15 --benchmark-min-rounds=5 --benchmark-columns=median,iqr,min,rounds \
	  --benchmark-json="$(MICRO)" $(ARGS)

report: $(READY) ## write the report of a run again: make report RUN=reports/latest
	@$(PY) -m bench report "$(RUN)"

compare: $(READY) ## two runs side by side: make compare BASE=reports/a NEW=reports/b
	@test -n "$(BASE)" -a -n "$(NEW)" || { echo "usage: make compare BASE=reports/a NEW=reports/b" >&2; exit 2; }
	@$(PY) -m bench compare "$(BASE)" "$(NEW)" $(ARGS) || test $$? -ne 2 # to look is not to judge: 1 and 3 are verdicts

doctor: $(READY) ## look at this machine: what is in the way of good figures
	@$(PY) -m bench doctor

selftest: $(READY) ## prove the instrument: every engine against servers of known behaviour (about 3 minutes; ARGS=--short: 25 s)
	@$(PY) -m bench selftest $(ARGS)

study: $(READY) ## async against sync, over HTTP and in-process, in one report (about 10 minutes; with Node.js and Go where installed)
	@if command -v go >/dev/null; then go build -o /dev/null bench/serve/peers/main.go; fi # fills its cache: a start has 30 s
	@$(PY) -m bench run study $(ARGS) || test $$? -eq 1 # what failed stands in the report
	@$(MAKE) --no-print-directory micro RUN=reports/latest ARGS=--benchmark-max-time=0.08
	@$(PY) -m bench report reports/latest

bench-features: $(READY) ## what each feature costs: the same server with one at a time (about 9 minutes)
	@$(PY) -m bench run features $(ARGS)

bench-ci: $(READY) ## is this tree slower? as CI asks: make bench-ci BASE=main PAIRED=yes (4 to 12 minutes; docs/ci.md)
	@.ci/performance

calibrate: $(READY) ## how far the gates can be trusted: docs/calibration.md, run by run (some hours; goes on where it ended)
	@$(PY) -m tools.calibration $(ARGS)

bench-generators: $(READY) ## what load generators cost, side by side, into reports/generators.json (about 3 minutes)
	@$(PY) -m bench generators $(ARGS)

clean: ## remove .venv, caches and every run but the sample; the history stays
	rm -rf $(VENV) tools/package/*.egg-info build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find reports -mindepth 1 -maxdepth 1 ! -name sample ! -name README.md ! -name history -exec rm -rf {} +
