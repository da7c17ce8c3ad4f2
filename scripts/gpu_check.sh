#!/usr/bin/env bash
# What make gpu-check runs on a machine with a CUDA device and no network: PyCUDA built from the kit with that machine's
# own compilers, beside its Python and for this run alone, and then the check. Arguments: the kit, and what the check takes.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${GPU_PYTHON:-python3}
kit=${1:-gpu-kit}
shift || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 2
}
[ -d "$kit/packages" ] || fail "there is no kit in $kit" "run 'make gpu-kit' where there is a network, and bring the folder along"
command -v "$python" > "$work/python" || fail "there is no $python" "name a Python 3.12 in GPU_PYTHON"
command -v g++ > "$work/compiler" || fail "there is no g++" "install a C++ compiler"
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' ||
    fail "$python is not Python 3.12, for which the kit is" "name a Python 3.12 in GPU_PYTHON"
"$python" -c 'import cv2, numpy, pip' 2> "$work/told" ||
    fail "$(tail -1 "$work/told")" "this check needs a Python with numpy, OpenCV and pip: name it in GPU_PYTHON"
PATH=$PATH:/usr/local/cuda/bin:/usr/sbin:/sbin
nvcc=$(command -v nvcc) || fail "there is no nvcc" "install the CUDA compiler"

# The compiler knows where CUDA is; its own place may be a link or a script elsewhere.
touch "$work/empty.cu"
root=$("$nvcc" --dryrun -c "$work/empty.cu" 2>&1 | sed -n 's/^#\$ TOP=//p')
[ -n "$root" ] || fail "nvcc does not say where CUDA is" "use nvcc 12.6 or newer"
mkdir "$work/lib"
driver=$(ldconfig -p | awk '/libcuda\.so\.1 / && !seen { seen = 1; print $NF }' || true)
[ -z "$driver" ] || ln -s "$driver" "$work/lib/libcuda.so"
# PyCUDA reads its build settings from the home folder.
cat > "$work/.aksetup-defaults.py" <<SETTINGS
CUDA_ROOT = "$root"
CUDADRV_LIB_DIR = ["$root/lib64/stubs", "$root/lib/stubs", "$work/lib"]
CUDADRV_LIBNAME = ["cuda"]
CUDA_ENABLE_CURAND = False
CXXFLAGS = ["-O1", "-w"]
SETTINGS
site=$work/site
install() {
    PYTHONPATH=$site HOME=$work "$python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
        --no-build-isolation --no-cache-dir --require-hashes --find-links "$kit/packages" --target "$site" -r "$1" \
        > "$work/log" 2>&1 || { tail -20 "$work/log" >&2; fail "$1 could not be installed" "see what pip said above"; }
}
install scripts/gpu_check/requirements.txt # setuptools, which builds what follows
install engines/gpu/requirements.txt
PYTHONPATH=$site:$PWD "$python" -m scripts.gpu_check --kit "$kit" "$@"
