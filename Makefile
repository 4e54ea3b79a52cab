# The handful of things one does with stir's source. Each works from a bare Debian 12, as root or as a user with sudo.
# JOBS=n limits the compilers that run at once. CI=true leaves out the progress lines and the git hook.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
NINJA = ninja -C $(1) -j $(JOBS) $(if $(filter true,$(CI)),--quiet)

.PHONY: help build demo demo-postgres test test-all simulate kill oracle check sanitize fuzz bench format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

build: ## install what the build needs, compile: build/stir
	@tools/setup build
	@mkdir -p build && cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@$(call NINJA,build/release) stir

demo: build ## two days of four shops, from files to published tables
	@examples/retail/demo

demo-postgres: build ## the same between four PostgreSQL servers and an application's, with faults
	@tools/setup demo
	@examples/retail/demo-postgres

test: ## build and pass every test
	@tools/setup test
	@tools/test dev

test-all: test ## the same, and what needs PostgreSQL again with version 18
	@tools/setup test postgres18
	@tools/test-postgres18

simulate: ## the scheduler through 10,000 simulated worlds of faults; SEEDS=n, SEED=n that one again, MINUTES=n for so long
	@tools/setup test
	@tools/simulate

kill: ## 1,000 tasks while their service and supervisors are killed in 200 rounds; ROUNDS=n, TASKS=n, SEED=n
	@tools/setup test
	@tools/kill

oracle: ## compare with dbt itself; ACCEPT=1 records what dbt does, CASES=GLOB only those
	@tools/setup test oracle
	@tools/oracle $(if $(ACCEPT),--accept) $(CASES)

check: ## format, lint, warnings, room directions, documents
	@tools/setup check
	@tools/check

sanitize: ## every test under address, undefined behaviour and thread sanitizers
	@tools/setup sanitize
	@tools/test asan
	@tools/test tsan

fuzz: ## each fuzz target for a minute, with ASan and UBSan
	@tools/setup fuzz
	@tools/fuzz

bench: build ## speed beside the engine's own and the peers'
	@tools/setup bench oracle
	@bench/run

format: ## rewrite the sources as .clang-format says
	@tools/setup check
	@find src tests bench -name '*.cc' -o -name '*.h' | xargs clang-format-19 -i

clean: ## forget everything that was built (not what setup installed)
	@rm -rf build
