#!/usr/bin/env bash
# PyCUDA beside the locked dependencies, built where no CUDA is: against headers from wheels, and the tests' own driver
# (tests/support/cuda_on_host), which the tests load too. About a minute of a processor's time, once.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bin/uv" pip install --quiet --require-hashes --no-deps --target "$work/headers" -r tests/support/cuda_on_host/headers.txt
include=$(dirname "$(find "$work/headers" -name cuda.h -print -quit)")
g++ -std=c++17 -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$work/libcuda.so" tests/support/cuda_on_host/libcuda.cpp
# PyCUDA reads its build settings from the home folder.
cat > "$work/.aksetup-defaults.py" <<SETTINGS
CUDA_ROOT = "$work"
CUDA_INC_DIR = ["$include"]
CUDADRV_LIB_DIR = ["$work"]
CUDADRV_LIBNAME = ["cuda"]
CUDA_ENABLE_CURAND = False
CXXFLAGS = ["-O1", "-w"]
SETTINGS
config=${XDG_CONFIG_HOME:-$HOME/.config} cache=$("$bin/uv" cache dir)
HOME=$work XDG_CONFIG_HOME=$config UV_CACHE_DIR=$cache "$bin/uv" pip install --require-hashes --no-deps -r engines/gpu/requirements.txt
