# `make help` lists the targets. Everything is installed into virtual environments of this folder, from pinned
# requirement files, once; a changed requirement file installs again.

PYTHON ?= python3
SCHEDULE ?=
STACK ?=
AT ?=
USERS ?=
APPLY ?=
RUNTIME ?= python3.13
ARCHITECTURE ?= arm64
PARAMETERS ?=
SECTIONS ?=
WORKERS ?= 2
PRICES ?= bench/prices.json
VERSION ?=
export PYTHONDONTWRITEBYTECODE ?= 1
export SAM_CLI_TELEMETRY = 0

UV = UV_SYSTEM_CERTS=true UV_PYTHON_DOWNLOADS=never .venv-uv/bin/uv
# The files name every package there is to install, so pip need not look for more.
PIP_INSTALL = install --disable-pip-version-check --no-input --require-hashes --no-deps --progress-bar off
RUNNER_SOURCES = $(shell find runner -name '*.py' -not -path '*/build/*') runner/pyproject.toml
LOCKED = requirements/uv requirements/dev requirements/client requirements/sam requirements/cloud requirements/runner requirements/seaweedfs requirements/mlflow \
	requirements/celery requirements/spark requirements/checkov requirements/clients layers/web/requirements layers/analytics/requirements
# A second interpreter for the suite, where the machine has one.
PYTHON_313 := $(firstword $(foreach each,python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13),\
	$(shell $(each) -c 'import sys; print(sys.executable)' 2>/dev/null)))
# The client promises every Python from 3.10 on: those that this machine has.
CLIENT_PYTHONS := $(foreach each,3.10 3.11 3.12 3.13,$(firstword $(wildcard $(HOME)/.pyenv/versions/$(each).*/bin/python$(each)) \
	$(shell command -v python$(each) 2>/dev/null)))
VENV_313 := $(if $(PYTHON_313),.venv-3.13/.installed)

# The web app needs Node.js to be built; everything else works without it.
NODE_FITS := $(shell node -e 'const [major, minor] = process.versions.node.split(".").map(Number); \
	if (major > 20 || (major === 20 && minor >= 19)) console.log("yes")' 2>/dev/null)
DASHBOARD = $(if $(NODE_FITS),functions/dashboard/static/index.html,without-dashboard)
DASHBOARD_SOURCES = $(shell find dashboard -name node_modules -prune -o -type f -print)

.DEFAULT_GOAL := help
.PHONY: help run deploy deploy-local fire logs clean-state demo-data admin-token import-retained restore restore-drill build dashboard without-dashboard check test \
	test-fast test-unit test-client test-dashboard test-rie test-local test-e2e test-nightly test-seaweedfs screenshots bench \
	bench-mlflow bench-celery bench-lake job-costs format openapi lock release install clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# ------------------------------------------------------------------------------------------ local cloud

run: preflight .venv-cloud/.installed .venv-sam/.installed .venv-runner/.installed $(DASHBOARD) ## the whole system on this machine; Ctrl-C stops it
	@exec .venv-cloud/bin/python -m local run

deploy-local: .venv-cloud/.installed .venv-sam/.installed $(DASHBOARD) ## deploy a code change into the running local cloud
	@.venv-cloud/bin/python -m local deploy

fire: .venv-cloud/.installed ## run a schedule of the local cloud now: make fire SCHEDULE=MaintainStorage
	@.venv-cloud/bin/python -m local fire "$(SCHEDULE)"

logs: ## follow the functions of the local cloud, one line per invocation
	@exec $(PYTHON) -m local logs

demo-data: .venv-cloud/.installed ## fill the demo user of the running local cloud with a month of believable runs
	@.venv-cloud/bin/python -m local demo-data

clean-state: ## remove everything that the local cloud stored
	@$(PYTHON) -m local clean

deploy: .venv/.installed .venv-cloud/.installed .venv-sam/.installed $(DASHBOARD) ## build for AWS and deploy there: make deploy STACK=evalyard
	@.venv-cloud/bin/python -m local release "$(or $(STACK),evalyard)" "$(RUNTIME)" "$(ARCHITECTURE)" "$(PARAMETERS)"

admin-token: .venv/.installed .venv-cloud/.installed ## make the first admin of a stack on AWS: make admin-token STACK=evalyard
	@.venv-cloud/bin/python -m local admin-token "$(STACK)"

import-retained: build ## prepare to import the tables and the bucket of a deleted stack on AWS: make import-retained STACK=evalyard
	@.venv-cloud/bin/python -m local import-retained "$(STACK)"

# AT=2026-11-22T10:00:00Z [USERS="ada eve"] [APPLY=1]; without APPLY it says what it would do.
restore: .venv/.installed .venv-cloud/.installed ## restore users of a stack on AWS to an earlier moment: make restore STACK=evalyard AT=…
	@.venv-cloud/bin/python -m local restore "$(or $(STACK),evalyard)" "$(AT)" "$(USERS)" "$(APPLY)"

restore-drill: .venv/.installed .venv-cloud/.installed ## delete and restore the data of a drill user on the running local cloud
	@.venv-cloud/bin/python -m local restore-drill

.PHONY: preflight
preflight:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is not installed; set PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: Python 3.11 or newer is needed, $(PYTHON) is older; set PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m local preflight

# -------------------------------------------------------------------------------------------- development

build: .venv-sam/.installed .venv-cloud/.installed $(DASHBOARD) ## sam build for this machine, compiled, into .aws-sam/build
	@.venv-cloud/bin/python -m local build

dashboard: $(DASHBOARD) ## build the web app into functions/dashboard/static

functions/dashboard/static/index.html: dashboard/node_modules/.installed $(DASHBOARD_SOURCES)
	@echo "==> building the dashboard"
	@cd dashboard && npm run --silent build -- --logLevel warn

without-dashboard:
	@echo "note: the dashboard needs Node.js 20.19 or newer to be built; without it the API serves no page at /"

check: .venv/.installed .venv-sam/.installed .venv-checkov/.installed dashboard/node_modules/.installed ## linters, types, layers of imports, template
	@$(MAKE) --no-print-directory -j 2 --output-sync=target check-code check-template

.PHONY: check-code check-template
check-code:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/mypy --config-file client/pyproject.toml
	PYTHONPATH=runner .venv/bin/lint-imports --no-cache
	PYTHONPATH=client .venv/bin/lint-imports --no-cache --config client/pyproject.toml
	.venv/bin/vulture

check-template:
	cd dashboard && npm run --silent check
	.venv-sam/bin/sam validate --lint --region us-east-1
	@# Accepted findings stand with their reasons in the template (Metadata); nothing is asked of the network.
	.venv/bin/python -m tools.transformed .aws-sam/transformed.json
	CKV_SKIP_PACKAGE_UPDATE_CHECK=1 .venv-checkov/bin/checkov -f .aws-sam/transformed.json --framework cloudformation --skip-download --quiet --compact

format: .venv/.installed dashboard/node_modules/.installed ## reformat the code
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .
	cd dashboard && npm run --silent format

openapi: .venv/.installed dashboard/node_modules/.installed ## write the API's one OpenAPI document, the dashboard's types, and the generated parts of three guides and of template.yaml
	.venv/bin/python -m tools.build_openapi
	cd dashboard && npm run --silent types
	.venv/bin/python -m tools.build_definitions

test: ## everything: unit, functional, local cloud, end to end
	@$(MAKE) --no-print-directory -j 2 install
	@# End to end is mostly waiting, and so are the tests of local/; the others have what they leave of both cores.
	@$(MAKE) --no-print-directory -j 3 --output-sync=target test-e2e test-computing test-waiting

# Each of these lanes runs its parts one after the other: with places of its own it would take that of the first lane.
.PHONY: test-computing test-waiting
test-computing:
	@nice $(MAKE) --no-print-directory -j 1 test-unit
	@nice $(MAKE) --no-print-directory test-client CLIENT_PYTHONS="$(firstword $(CLIENT_PYTHONS))"

test-waiting:
	@nice $(MAKE) --no-print-directory -j 1 test-dashboard test-local test-rie

# Real processes, sockets and clocks: what fails among the others is tried once more by itself, and its name stands in
# the log twice. What fails then, too, fails the suite. At night nothing is tried again.
define with_real_processes
$(1) -o cache_dir=.pytest_cache/$@ || { \
	[ $$? -eq 1 ] && echo "$@: trying again what failed" && \
	$(1) -o cache_dir=.pytest_cache/$@ --last-failed --last-failed-no-failures none; }
endef

IN_PROCESS = -n $(WORKERS) --dist worksteal --ignore tests/e2e --ignore tests/local --ignore tests/rie
SLOWEST = --durations 25 --durations-min 1

test-fast: .venv/.installed ## unit and functional tests, but for those that take a second or more each
	.venv/bin/pytest $(IN_PROCESS) --hypothesis-profile fast -m "not exhaustive and not nightly"

# What AWS runs is tried under the Python that it runs there, where this machine has one, and end to end under the
# other; what runs on devices and on this machine, under the oldest that we promise. At night all runs under both.
DEPLOYED = tests/shared tests/functions
test-unit: .venv/.installed $(VENV_313) .venv-clients/.installed ## unit and functional tests, of what is deployed under Python 3.13
	$(if $(PYTHON_313),.venv-3.13,.venv)/bin/pytest $(DEPLOYED) $(IN_PROCESS) -m "not nightly" $(SLOWEST)
	$(call with_real_processes,.venv/bin/pytest tests $(addprefix --ignore ,$(DEPLOYED)) $(IN_PROCESS) -m "not nightly")

# Installed as its users do, but from pinned files: nothing of this repository is near it.
test-client: .venv-uv/.installed ## the client alone, under each Python from 3.10 on that this machine has
	@for python in $(CLIENT_PYTHONS); do \
		folder=$$(mktemp -d) && \
		$$python -m venv --without-pip $$folder && \
		{ $(UV) pip install --quiet --python $$folder --require-hashes --no-deps -r requirements/client.txt 2>/dev/null || \
			$(PYTHON) -m pip --python $$folder $(PIP_INSTALL) --quiet -r requirements/client.txt; } && \
		$(UV) pip install --quiet --python $$folder --no-deps --no-build-isolation ./client && \
		$(UV) pip check --quiet --python $$folder && \
		env -u PYTHONDONTWRITEBYTECODE $$folder/bin/python -I tests/client/alone.py || exit 1; \
		rm -rf $$folder; \
	done

test-dashboard: dashboard/node_modules/.installed ## the tests of the web app
	cd dashboard && npm run --silent test

test-nightly: export EVALYARD_CHANCE := $(or $(EVALYARD_CHANCE),$(shell date +%s))
test-nightly: .venv/.installed $(VENV_313) .venv-clients/.installed .venv-cloud/.installed .venv-sam/.installed .venv-runner/.installed $(DASHBOARD) ## the same with other and more examples, every AWS call disturbed, the state machine of storage fifteen times as long
	EVALYARD_STEPS=15 EVALYARD_FLEET_S=300 .venv/bin/pytest $(IN_PROCESS) --timeout 7200 --hypothesis-profile nightly
	$(if $(PYTHON_313),.venv-3.13/bin/pytest $(IN_PROCESS) --ignore tests/template -m "not exhaustive")
	@$(MAKE) --no-print-directory test-client
	EVALYARD_STEPS=15 .venv/bin/pytest tests/local/test_ministack_killed.py
	EVALYARD_KILLS=10 .venv/bin/pytest tests/e2e/test_killed.py tests/e2e/test_restore_drill.py tests/e2e/test_gate_of_real_runs.py
	EVALYARD_KILLS_S=3600 .venv/bin/pytest tests/e2e/test_gateway_killed.py

test-seaweedfs: .venv/.installed .venv-seaweedfs/.installed ## the storage tests on another S3: SeaweedFS
	.venv/bin/python -m tests.kit.seaweedfs .venv-seaweedfs/bin/weed .venv/bin/pytest --timeout 600 tests/shared/storage

test-rie: .venv/.installed build ## every built function under AWS's Runtime Interface Emulator
	$(call with_real_processes,.venv/bin/pytest tests/rie)

test-local: .venv/.installed .venv-cloud/.installed ## what we rely on in MiniStack, and local/ itself
	$(call with_real_processes,.venv/bin/pytest -n $(WORKERS) tests/local)

test-e2e: .venv/.installed .venv-cloud/.installed .venv-sam/.installed .venv-runner/.installed $(DASHBOARD) ## against the local cloud; the dashboard in Chromium
	$(call with_real_processes,.venv/bin/pytest tests/e2e -m "not nightly" $(SLOWEST))

screenshots: .venv/.installed .venv-cloud/.installed .venv-sam/.installed .venv-runner/.installed $(DASHBOARD) ## take the dashboard's pictures for docs/
	.venv/bin/python -m tools.take_screenshots

bench: .venv/.installed .venv-cloud/.installed .venv-sam/.installed .venv-runner/.installed $(DASHBOARD) ## measure; writes bench/report.json and docs/performance.md: make bench SECTIONS=append
	.venv/bin/python -m bench $(SECTIONS)

bench-mlflow: .venv/.installed .venv-mlflow/.installed ## MLflow at 10⁵ runs, for comparison with usage; takes minutes
	.venv/bin/python -m bench mlflow mlflow_client

bench-celery: .venv/.installed .venv-celery/.installed ## Celery with Redis at the same no-op jobs, for comparison; needs redis-server
	.venv/bin/python -m bench celery

bench-lake: .venv/.installed .venv-spark/.installed ## Spark and DuckDB on 10⁸ runs as the lake has them; needs Java 17 or newer, 4 GB of disk, and ten minutes
	.venv/bin/python -m bench lake

job-costs: .venv/.installed ## what a million jobs cost on AWS, with prices of your own: make job-costs PRICES=my-prices.json
	@.venv/bin/python -m bench.job_costs "$(PRICES)"

# No address of a registry gets into the files: --no-emit-index-url.
lock: .venv-uv/.installed ## compile the pinned requirement files again
	@for name in $(LOCKED); do \
		echo "==> $$name.txt"; \
		$(UV) pip compile --quiet --universal --python-version $$([ $$name = requirements/client ] && echo 3.10 || echo 3.11) --generate-hashes --no-emit-index-url \
			--annotation-style line --custom-compile-command "make lock" \
			--output-file $$name.txt $$name.in >/dev/null || exit 1; \
	done

# Dates the section Unreleased, writes the version wherever it stands, commits and tags; pushes nothing.
release: ## commit and tag a release, without pushing it: make release VERSION=1.2.3
	@$(PYTHON) -m tools.cut_release "$(VERSION)"

clean: ## remove virtual environments and builds, keep the local cloud's state
	rm -rf .venv .venv-uv .venv-3.13 .venv-sam .venv-cloud .venv-runner .venv-seaweedfs .venv-mlflow .venv-celery .venv-spark .venv-checkov .venv-clients .aws-sam \
		dashboard/node_modules functions/dashboard/static

# ---------------------------------------------------------------------------------- virtual environments

install: .venv/.installed $(VENV_313) .venv-cloud/.installed .venv-sam/.installed .venv-checkov/.installed .venv-clients/.installed \
	.venv-runner/.installed \
	dashboard/node_modules/.installed ## all virtual environments, and the web app's packages

# uv installs a wheel once for all environments, in a fifth of pip's time. It does not read pip's settings: where
# an index of your own is set there and not for uv (UV_DEFAULT_INDEX), or certificates, pip is asked instead.
# Only what calls pip itself has one.
WITH_PIP = .venv-sam .venv-runner .venv-uv
# Of the clients of others one test imports a small part, once; checkov runs once. Nor is compiled what nothing imports:
# tests that wheels carry, moto's other services, the sources of what mypy ships as machine code.
UNCOMPILED = .venv-clients .venv-checkov
MOTO = core|dynamodb|events|cloudwatch|iam|moto_api|moto_server|s3|s3bucket_path|sqs|sts|utilities
NEVER_IMPORTED = /(tests|mypy|mypyc)/|/moto/(?!($(MOTO))/)[a-z0-9_]+/
define make_venv
@echo "==> installing $(@D): $(1) (once)"
@rm -f $@
@$(2) -m venv --clear $(if $(filter $(WITH_PIP),$(@D)),,--without-pip) $(@D)
@$(UV) pip install --python $(@D) --require-hashes --no-deps -r $< 2>$@.log \
	|| { tail -n 3 $@.log >&2; $(2) -m pip --python $(@D) $(PIP_INSTALL) --no-compile -r $<; }
@# Some wheels carry templates that are no Python: they are left as they are.
@$(if $(filter $(UNCOMPILED),$(@D)),,$(@D)/bin/python -m compileall -qq -j 2 -x '$(NEVER_IMPORTED)' $(@D)/lib || true)
endef

.venv-uv/.installed: requirements/uv.txt
	@echo "==> installing $(@D): what installs the rest (once)"
	@rm -f $@
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip $(PIP_INSTALL) -r $<
	@touch $@

.venv/.installed: requirements/dev.txt | .venv-uv/.installed
	$(call make_venv,tests and linters,$(PYTHON))
	@touch $@

.venv-seaweedfs/.installed: requirements/seaweedfs.txt | .venv-uv/.installed
	$(call make_venv,SeaweedFS,$(PYTHON))
	@touch $@

.venv-mlflow/.installed: requirements/mlflow.txt | .venv-uv/.installed
	$(call make_venv,MLflow,$(PYTHON))
	@touch $@

.venv-celery/.installed: requirements/celery.txt | .venv-uv/.installed
	$(call make_venv,Celery,$(PYTHON))
	@touch $@

.venv-spark/.installed: requirements/spark.txt | .venv-uv/.installed
	$(call make_venv,Spark,$(PYTHON))
	@touch $@

.venv-3.13/.installed: requirements/dev.txt | .venv-uv/.installed
	$(call make_venv,tests under Python 3.13,$(PYTHON_313))
	@touch $@

.venv-sam/.installed: requirements/sam.txt | .venv-uv/.installed
	$(call make_venv,the SAM CLI,$(PYTHON))
	@touch $@

.venv-checkov/.installed: requirements/checkov.txt | .venv-uv/.installed
	$(call make_venv,checkov,$(PYTHON))
	@touch $@

.venv-clients/.installed: requirements/clients.txt | .venv-uv/.installed
	$(call make_venv,clients of the LLM gateway,$(PYTHON))
	@touch $@

.venv-cloud/.installed: requirements/cloud.txt | .venv-uv/.installed
	$(call make_venv,the local AWS,$(PYTHON))
	@touch $@

.venv-runner/.requirements: requirements/runner.txt | .venv-uv/.installed
	$(call make_venv,the model and what the device runner needs,$(PYTHON))
	@touch $@

# The runner as its user installs it, from this folder.
.venv-runner/.installed: .venv-runner/.requirements $(RUNNER_SOURCES)
	@echo "==> installing the device runner"
	@.venv-runner/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation \
		--force-reinstall ./runner
	@touch $@

dashboard/node_modules/.installed: dashboard/package-lock.json
	@echo "==> installing the dashboard's packages (once)"
	@cd dashboard && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
