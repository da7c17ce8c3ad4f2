#!/usr/bin/env bash
# TensorRT's published Python bindings, two versions, each on stub libraries: real names and signatures, no device.
# They go to .cache/tensorrt-bindings/VERSION; their license forbids to commit them.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
root=.cache/tensorrt-bindings

stub_library() { # FOLDER NAME MAJOR: a library that exports what the bindings look up, and answers null to it all
  cc -shared -fPIC -O1 -Wl,-soname,"lib$2.so.$3" -o "$1/lib$2.so.$3" -x c - <<'C'
#define STUB(name) void *name(void) { return 0; }
STUB(createInferBuilder_INTERNAL)
STUB(createInferRefitter_INTERNAL)
STUB(createInferRuntime_INTERNAL)
STUB(createNvOnnxParserRefitter_INTERNAL)
STUB(createNvOnnxParser_INTERNAL)
STUB(getBuilderPluginRegistry)
STUB(getNvOnnxParserVersion)
STUB(getPluginRegistry)
STUB(initLibNvInferPlugins)
C
}

bindings() { # VERSION HASH_OF_CP311 HASH_OF_CP312
  local folder=$root/$1 major=${1%%.*}
  [ -e "$folder/complete" ] && return
  rm -rf "$folder"
  mkdir -p "$folder/stubs"
  printf 'tensorrt-cu13-bindings==%s --hash=sha256:%s --hash=sha256:%s\n' "$1" "$2" "$3" >"$folder/requirements.txt"
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --target "$folder/site" --requirement "$folder/requirements.txt"
  for name in nvinfer nvonnxparser nvinfer_plugin; do stub_library "$folder/stubs" "$name" "$major"; done
  touch "$folder/complete"
}

bindings 10.13.3.9 \
  f40c9e488af125b232fcca85ac4b21e090d7b1be55c3062eeaf48c2a9a9ed808 \
  9e3adb281af85508518b90979d0bf3a1704a40c3165a99d5b27e2cfee72f1b14
bindings 11.4.0.106 \
  d072ac2a095e2be749fefc847adfb25d5ebe70303401df62ede8fe67a59f27fc \
  5fc7a6c412881f7212030893bd5531b1a0ff415c72c7678dfe4ead7a7765b38d
