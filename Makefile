.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
DOMAIN ?= movielens
export PATH := $(CURDIR)/.venv/bin:$(PATH)

PY := .venv/bin/python
JOBS := .venv/.made
AIRFLOW := .venv-airflow/.made
BENCHMARK := .venv-benchmark/.made

# The longest first, so that both workers end at about the same time.
E2E := $(addprefix tests/e2e/,test_nights.py test_killed_jobs.py test_bad_input.py)

# pip alone compiles file after file, the packages' own tests too, which was half of the set-up.
define INSTALL
$(1)/bin/pip install -q --no-compile -r $<
$(1)/bin/python -m compileall -qq -j 0 -x '/tests?/' $(1)/lib || true
endef

.PHONY: help setup night up stop spark pyfiles fmt lint test test-unit test-dags test-e2e benchmark-accuracy locks

help:            ## List targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(JOBS) $(AIRFLOW)  ## Both environments, .venv for the jobs and .venv-airflow; every target makes what it needs

night: setup     ## One whole night on this machine; NIGHT=YYYY-MM-DD DOMAIN=name TRAIN=no TOP_N=50
	$(PY) -m nightrec.local.night --domain $(DOMAIN) $(if $(NIGHT),--night $(NIGHT)) $(if $(filter no,$(TRAIN)),--no-train) $(if $(TOP_N),--top-n $(TOP_N))

up: setup        ## Start Airflow and MLflow on localhost, or find them running
	$(PY) -m nightrec.local.services up

stop: $(JOBS)    ## End everything that night and up started
	$(PY) -m nightrec.local.services stop

spark: $(JOBS)   ## One Spark job by hand: make spark JOB=build_matrix RUN_DATE=2016-09-30 DOMAIN=name ARGS="--set ..."
	@test -n "$(JOB)" -a -n "$(RUN_DATE)" || { echo 'say which: make spark JOB=build_matrix RUN_DATE=YYYY-MM-DD'; exit 2; }
	spark-submit --master 'local[*]' --properties-file conf/spark/local.properties jobs/$(JOB).py --domain $(DOMAIN) --run-date $(RUN_DATE) $(ARGS)

pyfiles: $(JOBS) ## dist/nightrec.zip for spark-submit --py-files on a cluster
	rm -rf dist && $(PY) -m build --wheel --no-isolation -o dist && cp dist/nightrec-*.whl dist/nightrec.zip

fmt: $(JOBS)     ## Format in place
	$(PY) -m ruff format . && $(PY) -m ruff check --fix .

lint: $(JOBS)    ## Format, lint, types
	$(PY) -m ruff format --check . && $(PY) -m ruff check . && $(PY) -m mypy jobs/nightrec

test:            ## Lint and all tests
	$(MAKE) --no-print-directory -j2 setup
	$(MAKE) --no-print-directory lint test-unit test-dags test-e2e

test-unit: $(JOBS)  ## Unit and contract tests
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 tests/unit tests/contract

test-dags: $(AIRFLOW)  ## DAG tests in the Airflow environment; UPDATE_GOLDEN=1 rewrites the golden commands
	.venv-airflow/bin/python -m pytest -q --confcutdir tests/dags tests/dags

test-e2e: setup  ## Whole nights of a tiny domain through a real scheduler
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations 30 --confcutdir tests/e2e $(E2E)

benchmark-accuracy: $(JOBS) $(if $(filter no,$(PEERS)),,$(BENCHMARK))  ## Our lists beside tuned peers'; DATA="toys instruments movielens" PEERS=no ARGS=--resume
	$(PY) -m nightrec.benchmark $(if $(DATA),--data $(DATA)) $(if $(filter no,$(PEERS)),--no-peers) $(ARGS)

locks: setup     ## Write the versions now installed into conf/locks/
	for one in .venv:jobs .venv-airflow:airflow; do $${one%:*}/bin/pip freeze --exclude-editable | sed -E 's/\+[a-z0-9.]+$$//; / @ /d' > conf/locks/$${one#*:}.txt; done

$(JOBS): conf/locks/jobs.txt
	@echo "installing the jobs' environment, once; some minutes"
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	$(call INSTALL,.venv)
	.venv/bin/pip install -q --no-deps --no-build-isolation -e .
	$(PY) -m nightrec.local.class_archive 2>/dev/null || echo "no file of Java classes was made; Spark jobs start slower"
	touch $@

$(AIRFLOW): conf/locks/airflow.txt
	@echo "installing Airflow's environment, once; a minute"
	test -x .venv-airflow/bin/python || $(PYTHON) -m venv .venv-airflow
	$(call INSTALL,.venv-airflow)
	touch $@

$(BENCHMARK): conf/locks/benchmark.txt
	@echo "installing the peers' environment, once; some minutes"
	test -x .venv-benchmark/bin/python || $(PYTHON) -m venv .venv-benchmark
	$(call INSTALL,.venv-benchmark)
	touch $@
