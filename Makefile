# What a person runs: make demo, make test. Everything else is named in README.md.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo build agent test bench clean format

RELEASE := swift build -c release --static-swift-stdlib
# Built in one go: the macros' library keeps one core busy for minutes, and the rest takes the others meanwhile.
# `swift build` takes seconds to find that nothing changed; comparing dates takes none.
BUILT := .build/products.built
SOURCES := Makefile Package.swift $(shell find Sources Examples Tests/FlowFixtures -type f -not -name '*.pyc')

demo: $(BUILT)
	@.build/release/digits-training run

build: $(BUILT)

$(BUILT): $(SOURCES)
	@Scripts/system-packages
	@echo "==> building muster, muster-agent and the flows (the first build takes some minutes)"
	@$(RELEASE)
	@touch $@

# The agent as it travels: one static file. Some tests need it in a root folder that holds nothing else.
agent:
	@Scripts/system-packages
	@echo "==> building muster-agent"
	@$(RELEASE) --product muster-agent

# Many of the tests start clusters of their own: a few at a time, so that no deadline is starved of processor.
test: agent
	@echo "==> building the tests"
	@swift build --build-tests
	@SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 swift test --skip-build

# make bench NAME=foreach measures one row.
bench: $(BUILT)
	@Benchmarks/run $(or $(NAME),all)

clean:
	@swift package clean
	@rm -f $(BUILT)

format:
	@swift format --in-place --recursive --parallel Package.swift Sources Tests Examples
