#!/usr/bin/env bash
# PyCUDA beside the locked dependencies, built where no CUDA is: against headers from wheels and an empty driver library.
# The tests then load a driver of our own (tests/support/cuda_on_host). With a real driver the same build would serve.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bin/uv" pip install --quiet --require-hashes --no-deps --target "$work/headers" -r tests/support/cuda_on_host/headers.txt
include=$(dirname "$(find "$work/headers" -name cuda.h -print -quit)")
echo 'extern "C" int edge_gate_no_cuda() { return 0; }' > "$work/empty.cpp"
g++ -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$work/libcuda.so" "$work/empty.cpp"
# PyCUDA reads its build settings from the home folder.
cat > "$work/.aksetup-defaults.py" <<SETTINGS
CUDA_ROOT = "$work"
CUDA_INC_DIR = ["$include"]
CUDADRV_LIB_DIR = ["$work"]
CUDADRV_LIBNAME = ["cuda"]
CUDA_ENABLE_CURAND = False
CXXFLAGS = ["-O1", "-w"]
LDFLAGS = ["-Wl,--no-as-needed"]
SETTINGS
config=${XDG_CONFIG_HOME:-$HOME/.config} cache=$("$bin/uv" cache dir)
HOME=$work XDG_CONFIG_HOME=$config UV_CACHE_DIR=$cache "$bin/uv" pip install --require-hashes --no-deps -r engines/gpu/requirements.txt
