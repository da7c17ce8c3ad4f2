# Every target does the set-up that it needs. Debian needs: python3.11 python3-venv make.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
UV_VERSION := 0.13.9
BIN := .venv/bin
export UV_PROJECT_ENVIRONMENT := .venv
STAMP := .venv/.synced

.PHONY: setup demo test test-fast fire check fix fuzz bench models docs bundle gpu-test-setup gpu-kit gpu-check tensorrt-bindings redteam-setup redteam-smoke clean

setup: $(STAMP)

$(BIN)/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)

# --inexact: what redteam-setup put beside (torch) stays.
$(STAMP): $(BIN)/uv pyproject.toml uv.lock
	$(BIN)/uv sync --locked --inexact --all-extras --compile-bytecode
	@touch $@

models: $(STAMP)
	$(BIN)/edge-gate engines fetch
	$(BIN)/edge-gate engines build

demo: $(STAMP)
	$(BIN)/edge-gate demo --out demo-out

test: $(STAMP) models
	$(BIN)/pytest -n 2 --dist loadgroup

test-fast: $(STAMP)
	$(BIN)/pytest -n 2 --dist loadgroup -m "not models and not data and not broker"

# As many kills and cuts as the published figures were made with; an ordinary test run has fewer.
fire: $(STAMP)
	EDGE_GATE_KILLS=50 EDGE_GATE_CUTS=all $(BIN)/pytest -n 0 -s tests/integration/test_fire.py tests/integration/test_power_cut.py

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_tree.py
	$(BIN)/python scripts/write_reference.py --check
	$(BIN)/python scripts/write_contracts.py --check

fix: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP)
	$(BIN)/python scripts/write_reference.py
	$(BIN)/python scripts/write_contracts.py

# What a device is installed from: docs/how-to/install-jetson.md.
bundle: $(STAMP)
	rm -rf dist/bundle && mkdir -p dist/bundle
	$(BIN)/uv build --wheel --out-dir dist/bundle/wheel
	set -e; version=$$(basename dist/bundle/wheel/edge_gate-*.whl | cut -d - -f 2); folder=dist/bundle/edge-gate-$$version; \
	mkdir -p $$folder/scripts && cp -r systemd $$folder/ && cp -r scripts/install scripts/install-jetson.sh $$folder/scripts/ && \
	mv dist/bundle/wheel/*.whl $$folder/ && tar czf dist/edge-gate-$$version.tar.gz -C dist/bundle edge-gate-$$version

# A process a target, two at once on two cores: fourteen targets take seven times FUZZ_SECONDS there.
FUZZ_SECONDS ?= 120

fuzz: $(STAMP)
	$(BIN)/python scripts/fuzz.py --seconds $(FUZZ_SECONDS) --out fuzz-out

bench: $(STAMP) models
	$(BIN)/edge-gate engines bench
	$(BIN)/edge-gate bench pipeline --synthetic

# TensorRT's published Python bindings on stub libraries: names and signatures for the tests, no device. x86-64 only.
tensorrt-bindings: $(STAMP)
	scripts/setup_tensorrt_bindings.sh

GPU_TEST_STAMP := .venv/.gpu-tests

gpu-test-setup: $(GPU_TEST_STAMP)

$(GPU_TEST_STAMP): $(STAMP) engines/gpu/requirements.txt tests/support/cuda_on_host/headers.txt scripts/setup_gpu_tests.sh
	scripts/setup_gpu_tests.sh
	@touch $@

# On two machines: gpu-kit where there is a network; gpu-check where there is a CUDA device, of what was brought along.
gpu-kit: $(STAMP) models
	$(BIN)/python -m scripts.gpu_check.kit --out gpu-kit

gpu-check:
	scripts/gpu_check.sh gpu-kit --out docs/reference/gpu.md

REDTEAM_STAMP := .venv/.redteam

redteam-setup: $(REDTEAM_STAMP)

$(REDTEAM_STAMP): $(STAMP) redteam/requirements.txt
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --no-deps -r redteam/requirements.txt
	@touch $@

redteam-smoke: $(REDTEAM_STAMP) models
	$(BIN)/edge-gate redteam run --suite smoke --out redteam-out

clean:
	rm -rf .venv .cache gpu-kit demo-out redteam-out fuzz-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
