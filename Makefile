# The menu. `make demo` and `make test` are the README's two commands; the rest is for those who work on the project.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup web demo demo-file check test proofs bench tessera soak sweep fuzz fuzz-parsers scan format lock verifier openapi static system-packages

BIN := .venv/bin
WORKERS ?= 2
TEST_WORKERS ?= 3 # one has what runs in real time, the others yield to it (tests/architecture/workers.py)
PYTEST := $(BIN)/python -m pytest
COMPILED := PYTHONDONTWRITEBYTECODE= # tests start some thousand processes: each module is compiled once, whatever this shell says

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: .venv/.ready web ## environment in .venv, by hash, and the pages' code; does nothing when it is up to date

web: .venv/.ready
	@web/build.sh

.venv/.ready: pyproject.toml requirements/runtime.txt requirements/dev.txt requirements/setup.sh
	@PYTHON="$(PYTHON)" requirements/setup.sh

demo: setup ## the service with a sale ready to be held in two browser tabs; Ctrl+C ends it
	@$(BIN)/python -m jianlu.entry.live_demo demo

demo-file: setup ## the main job on a bundled recording, its report, and a sabotaged copy refused
	@$(BIN)/python -m jianlu.entry.demo demo-file

static: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: static ## quick proof, under two minutes: lint, types, contracts, quick tests
	$(PYTEST) -n $(WORKERS) -m "not slow and not thorough" tests/architecture tests/unit tests/property tests/vectors

system-packages:
	@tests/install-system-packages.sh

test: static system-packages ## the proofs; what CI runs, meant to fit the hour on two cores
	$(COMPILED) $(PYTEST) -n $(TEST_WORKERS) --dist loadfile -m "not thorough"

proofs: static system-packages ## all of `make test` and the long ones and every further variant (`thorough`)
	$(COMPILED) $(PYTEST) -n $(TEST_WORKERS) --dist loadfile

bench: setup system-packages ## ratios of PERFORMANCE.md, measured here and now
	@for benchmark in $(filter-out benchmarks/soak.py benchmarks/talk.py,$(wildcard benchmarks/[a-z]*.py)); do echo "== $$benchmark"; PYTHONPATH=. $(BIN)/python "$$benchmark"; done

tessera: ## build what `make bench` measures the ledger beside: Tessera, from Debian's packages, unpacked and not installed
	@benchmarks/tessera/build.sh benchmarks/out/tessera

soak: setup system-packages ## an hour of a recorded 720p call: memory, drift, verdict (MINUTES=60)
	@$(BIN)/python -m benchmarks.soak --minutes $${MINUTES:-60}

sweep: setup system-packages ## SIGKILL, EIO and a full disk at every single system call of append, seal, publish, replicate, shred
	@JIANLU_SWEEP_STEP=1 $(PYTEST) -n $(WORKERS) tests/fault/syscalls

fuzz: setup ## every operation of the API at every boundary of its description, by schemathesis (ARGS="--everybody --examples 20")
	@$(BIN)/python -m tests.contract.api.fuzzing $(ARGS)

fuzz-parsers: setup ## damaged true samples by the million into every parsing door (ARGS="--inputs 1000000 --seconds 3600 --parser NAME")
	@$(BIN)/python -m tests.property.parsers.fuzzing $(ARGS)

scan: setup system-packages ## wapiti over the pages of a served home, signed in (WAPITI=where it is; a program of its own, GPL, not part of this)
	@$(BIN)/python -m tests.interop.scanning --wapiti "$(or $(WAPITI),wapiti)" $(ARGS)

format: setup ## sort imports and format
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

lock: setup ## choose versions anew and write requirements/*.txt; delete a line there to keep the rest
	$(BIN)/uv pip compile pyproject.toml -o requirements/runtime.txt \
	  --python "$$(readlink -f $(BIN)/python)" --python-version 3.11 --universal --generate-hashes --custom-compile-command "make lock" --quiet
	$(BIN)/uv pip compile requirements/dev.in -o requirements/dev.txt \
	  --python "$$(readlink -f $(BIN)/python)" --python-version 3.11 --universal --generate-hashes --custom-compile-command "make lock" --quiet

verifier: setup ## write specs/verifier.sha256 anew: the digest to publish of the single-file verifier
	@$(BIN)/python -m jianlu.deliver.packages.verifier > specs/verifier.sha256 && cat specs/verifier.sha256
