.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

SUITES_ALL := ir framework-bytecode verifier vm iota-verifier compiler-2024 compiler-legacy compiler-transactional compiler-migration move-cli ptb commands \
	api codegen move-unit staking adapter upgrade-compatibility

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install -qq -e '.[dev]'
	@touch $(STAMP)

setup: $(STAMP) ## Make the virtual environment .venv with everything in it

demo: setup ## Run the whole path on a local network of four authorities
	@$(BIN)/python -m tests.e2e.demo

lint: setup ## ruff and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: setup ## mypy --strict
	$(BIN)/mypy proto movelite authority aggregator cli tests

framework: setup ## Compile the bundled framework into movelite/framework/compiled.zip
	$(BIN)/python -m movelite.package.precompile

proto: setup ## Generate the gRPC stubs
	$(BIN)/python -m tests.support.generate_stubs

test: setup lint type ## Lint, types, import rules, unit, property and e2e tests
	$(BIN)/python -m pytest -n 2 tests

bench: setup ## Benchmarks: make bench [PARTS="network growth"] [FASTPAY=checkout]; tables, and build/bench.json
	-@$(BIN)/python -m pip install -qq -e '.[bench]'
	$(BIN)/python -m tests.bench $(PARTS) $(if $(FASTPAY),--fastpay $(FASTPAY))

conformance: setup ## The peers' suites: make conformance IOTA=folder [SUITES="verifier vm"]
	@for suite in $(or $(SUITES),$(SUITES_ALL)); do $(BIN)/python -m tests.conformance $$suite $(IOTA) | tail -2; done

simulation: setup ## Fault simulation under virtual time: make simulation SEEDS=300 [FIRST=0] [JOBS=2]
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),300) --first $(or $(FIRST),0) --jobs $(or $(JOBS),2)

twins: setup ## Authorities with one key in every partition: make twins [LIMIT=1000] [JOBS=2]
	$(BIN)/python -m tests.simulation --twins $(if $(LIMIT),--limit $(LIMIT)) --jobs $(or $(JOBS),2)

mutations: setup ## Break rules of production code one by one; the simulator's checkers have to see it [JOBS=2]
	$(BIN)/python -m tests.simulation.mutations --jobs $(or $(JOBS),2)

soak: setup ## Transfers while authorities are killed: make soak TRANSFERS=10000 [KILL_EVERY=4]
	$(BIN)/python -m tests.e2e.soak --transfers $(or $(TRANSFERS),10000) --kill-every $(or $(KILL_EVERY),4)

endurance: setup ## Memory, descriptors and disk after many transfers: make endurance TRANSFERS=50000
	$(BIN)/python -m tests.e2e.endurance --transfers $(or $(TRANSFERS),50000)

.PHONY: endurance help setup demo lint type framework proto test bench conformance simulation twins mutations soak
