# Every target works in a fresh clone on Debian; `make` alone says what there is.
# PYTHON chooses the interpreter (3.11 to 3.14) for the virtual environment.

PYTHON ?= python3
VENV   := .venv
FAULTS := fault
E2E    := e2e
RUN    := steady
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo up test check e2e faults soak bench load docs switch lock sbom fuzz clean

help: ## say what there is
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /  make \1\t/' | expand -t 16

demo: $(VENV)/ready ## route real calls on a real Asterisk and show it (DEMO_CPS=20, DEMO_SECONDS=120)
	-@$(MAKE) --no-print-directory switch || echo "no switch can be had here; the demo goes on without"
	$(BIN)/ivr demo

up: $(VENV)/ready switch ## the same set-up, kept running until Ctrl-C
	$(BIN)/ivr up

test: $(VENV)/ready build/sbom/ready ## unit and integration tests (no Asterisk needed)
	deploy/packages test
	$(BIN)/pytest -n auto -m "not e2e and not fault"

e2e: $(VENV)/ready switch ## end-to-end tests: SIPp, Asterisk, router, store, agents
	$(BIN)/pytest -m "$(E2E)"

faults: $(VENV)/ready switch ## break things under load; the tables go to docs/reliability.md
	deploy/packages test
	deploy/packages faults
	IVR_FAULT_REPORT=docs/reliability.md $(BIN)/pytest -m "$(FAULTS)"

soak: $(VENV)/ready switch ## real calls for SOAK_MINUTES=30 at SOAK_CPS=50: nothing grows, none is lost; docs/reliability.md
	IVR_SOAK_REPORT=docs/reliability.md $(BIN)/python -m tests.soak

check: $(VENV)/ready ## formatter, linter, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/ivr lint
	$(BIN)/ivr test --require-coverage 100

load: $(VENV)/ready switch ## the whole service under a load of loadtest/plan.yaml, judged (RUN=steady); report in build/load
	$(BIN)/ivr load $(RUN)

bench: $(VENV)/ready ## the router beside a C floor and panoramisk, interleaved; policies by size; the observer
	deploy/packages bench
	$(BIN)/python -m loadtest.bench
	$(BIN)/python -m tests.benchmarks.policy
	$(BIN)/python -m tests.benchmarks.observer
	$(BIN)/python -m tests.benchmarks.beside
	$(BIN)/python -m tests.benchmarks.scraped

docs: $(VENV)/ready ## make the reference, the JSON Schemas, the rules and the dashboards anew
	$(BIN)/ivr schema --write policies/schema
	$(BIN)/ivr schema --reference docs/reference
	$(BIN)/python -m metrics.make_rules > metrics/rules.yml
	$(BIN)/python -m metrics.make_dashboards metrics/dashboards

switch: $(VENV)/ready ## get an Asterisk 22, SIPp and the prompts (once; cached)
	deploy/packages switch
	$(BIN)/python -m loadtest.asterisk get

lock: $(VENV)/ready ## make the hash-locked requirements anew
	$(BIN)/pip install -q uv
	deploy/lock $(BIN)/uv

sbom: build/sbom/ready ## what is installed, with versions and hashes, as CycloneDX JSON in build/sbom
	deploy/sbom build/sbom/venv/bin/cyclonedx-py build/sbom

# the tool has 33 packages of its own, which the service does not need
build/sbom/ready: deploy/sbom.lock
	$(PYTHON) -m venv build/sbom/venv
	build/sbom/venv/bin/pip install -q --require-hashes -r deploy/sbom.lock
	touch $@

fuzz: $(VENV)/ready build/fuzz/ready ## feed what reads others' bytes with anything (FUZZ_SECONDS=600 each)
	for target in agi ami queue_log store policy; do \
		PYTHONPATH=build/fuzz/lib $(BIN)/python -m tests.fuzz $$target build/fuzz/$$target \
			-max_total_time=$${FUZZ_SECONDS:-600} -print_final_stats=1 -artifact_prefix=build/fuzz/ || exit 1; \
	done

# atheris is for fuzzing alone, and not for every Python: it is no part of the environment
build/fuzz/ready: deploy/fuzz.lock
	$(BIN)/pip install -q --require-hashes --target build/fuzz/lib -r deploy/fuzz.lock
	touch $@

$(VENV)/ready: requirements-dev.lock pyproject.toml
	deploy/packages python
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

clean: ## forget the virtual environment and the run folder
	rm -rf $(VENV) run build/sbom
