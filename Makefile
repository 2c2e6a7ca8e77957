# What a person runs: make demo, make test. Everything else is named in README.md.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: test-incremental test-batch-server test-kubernetes-cluster test-web-view screenshots demo demo-slurm build commands fixtures formation agent wheel test test-new test-wheel test-versions bench clean format lint

RELEASE := swift build -c release --static-swift-stdlib
# Flows need the macros' library, which keeps one core busy for minutes: they have a build folder of their own, so that
# the rest is built meanwhile, with what they leave of the other.
FLOWS := .build/flows
BUILD_FLOWS := $(RELEASE) --scratch-path $(FLOWS)
# `swift build` takes seconds to find that nothing changed; comparing dates takes none.
BUILT := .build/products.built
SOURCES := Makefile Package.swift Python/muster/VERSION $(shell find Sources Examples Templates Tests/FlowFixtures -type f -not -name '*.pyc')

demo: $(BUILT)
	@.build/release/digits-training run

# The same flow on a Slurm cluster of four nodes, which is brought up on this machine and taken down again.
demo-slurm: $(BUILT)
	@Scripts/system-packages tests
	@Scripts/with-slurm .build/release/digits-training run --with slurm

build: $(BUILT)

$(BUILT): $(SOURCES)
	@Scripts/system-packages
	@mkdir -p $(FLOWS)
	@echo "==> building muster, muster-agent and, beside them, the flows (the first build takes some minutes)"
	@$(BUILD_FLOWS) --product digits-training >$(FLOWS)/build.log 2>&1 & flows=$$!; \
	trap 'kill $$flows 2>/dev/null || true' EXIT; \
	for product in muster muster-agent; do nice $(RELEASE) --product $$product; done; \
	echo "==> building digits-training"; \
	tail -n 3 -f --pid=$$flows $(FLOWS)/build.log; \
	wait $$flows || { echo "digits-training was not built; all messages stand in $(FLOWS)/build.log" >&2; exit 1; }
	@ln -sfn ../../flows/release/digits-training .build/release/digits-training
	@touch $@

# The two programs alone: all that flows in Python need.
commands:
	@Scripts/system-packages
	@for product in muster muster-agent; do $(RELEASE) --product $$product; done

# The flows of the tests, for the benchmarks.
fixtures: $(BUILT)
	@$(BUILD_FLOWS) --product FlowFixtures

# Forms large gangs within one process, for the benchmarks.
formation: $(BUILT)
	@$(RELEASE) --product FormationBenchmark

# The agent as it travels: one static file. Some tests need it in a root folder that holds nothing else.
agent:
	@Scripts/system-packages
	@echo "==> building muster-agent"
	@$(RELEASE) --product muster-agent

# One file for `pip install`: the front end and both programs, static and stripped.
wheel: commands
	@rm -rf .build/wheel
	@python3 Python/build_backend/backend.py .build/wheel

# Many of the tests start clusters of their own: a few at a time, so that no deadline is starved of processor.
test: wheel
	@Scripts/system-packages tests
	@Scripts/kubernetes-programs --background
	@echo "==> building the tests"
	@swift build --build-tests
	@echo "==> testing the Python front end"
	@cd Python/tests && python3 -m unittest discover --quiet
	@echo "==> testing the wheel"
	@$(TEST_WHEEL)
	@echo "==> testing the stand-in for AWS Batch"
	@$(TEST_BATCH_SERVER)
	@echo "==> testing the cluster of Kubernetes and the stand-in for its Jobs"
	@$(TEST_KUBERNETES_CLUSTER)
	@echo "==> testing the web view in a browser"
	@$(TEST_WEB_VIEW)
	@echo "==> building the flows of muster new"
	@$(TEST_NEW) test_new.BuildTests
	@SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 swift test --skip-build

# Each flow that `muster new` makes, built and run.
TEST_NEW := cd Tests/new && python3 -B -m unittest --quiet
test-new: commands
	@Scripts/system-packages tests
	@$(TEST_NEW)

# The wheel in roots that hold nothing but a Python. They are made once, below ~/.cache/muster-tests.
TEST_WHEEL := cd Tests/wheel && python3 -B -m unittest discover --quiet
# A change of a public type below Muster has flows compiled anew; builds the tests' flows twice.
test-incremental:
	@Tests/incremental

# The stand-in for AWS Batch that tests of Muster use. As root.
TEST_BATCH_SERVER := cd Tests/BatchServer && "$$(../../Scripts/batch-server python)" -B -m unittest --quiet
test-batch-server:
	@Scripts/system-packages tests
	@$(TEST_BATCH_SERVER)

# The cluster of Kubernetes that tests of Muster use, and the stand-in for today's Jobs on it. As root.
TEST_KUBERNETES_CLUSTER := for folder in KubernetesJobs KubernetesCluster; do (cd Tests/$$folder && python3 -B -m unittest --quiet); done
test-kubernetes-cluster:
	@Scripts/system-packages tests
	@$(TEST_KUBERNETES_CLUSTER)

# The page in Debian's Chromium, and the API, with the programs of the tests' build.
BROWSER_PYTHON := "$$(../../Scripts/browser-python)" -B
TEST_WEB_VIEW := cd Tests/WebView && $(BROWSER_PYTHON) -m unittest --quiet
test-web-view:
	@Scripts/system-packages tests
	@swift build
	@$(TEST_WEB_VIEW)

# The pictures of the documentation.
screenshots:
	@Scripts/system-packages tests
	@swift build
	@cd Tests/WebView && $(BROWSER_PYTHON) screenshots.py ../../Documentation

test-wheel: wheel
	@Scripts/system-packages tests
	@$(TEST_WHEEL)

# The oldest and the newest versions of each framework, and some between. Fetches gigabytes: torch's old wheels are large.
test-versions: commands
	@Scripts/system-packages tests
	@MUSTER=$(CURDIR)/.build/release/muster Tests/versions $(NAME)

# make bench NAME=foreach measures one row.
bench: $(BUILT)
	@Benchmarks/run $(or $(NAME),all)

clean:
	@swift package clean
	@rm -rf $(BUILT) $(FLOWS)

SWIFT_FILES := Package.swift Sources Tests Examples Templates Benchmarks

format:
	@swift format --in-place --recursive --parallel $(SWIFT_FILES)

lint:
	@swift format lint --strict --recursive --parallel $(SWIFT_FILES)
