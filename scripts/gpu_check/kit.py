"""``python3 -m scripts.gpu_check.kit --out DIR``: all that a bare CUDA machine without a network needs, at most 55 MiB.

FaceNet's fp16 file travels packed; SFace's published weights are smaller than its fp16 file, which is made of them
there. Packages that must be compiled travel as source. The folder holds weights: it is never committed.
"""

import argparse
import lzma
import shutil
import subprocess
import sys
from pathlib import Path

from engines.build import build
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import EngineError
from engines.runtime.base import Precision

MODELS_FOLDER, WHEELS_FOLDER = "models", "packages"
PACKED = ".xz"

_PACKED_MODEL, _SOURCE_MODEL = "facenet-20180408", "sface-2021dec"
_REQUIREMENTS = Path(__file__).parent / "requirements.txt"


def main() -> int:
    """Fill the folder."""
    parser = argparse.ArgumentParser(prog="gpu-kit", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to fill")
    out: Path = parser.parse_args().out
    try:
        _gather_models(ModelStore(), ModelStore(out / MODELS_FOLDER))
    except EngineError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
        return 1
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", str(_REQUIREMENTS)]
        + ["-d", str(out / WHEELS_FOLDER)],
        check=False,
    )
    if fetched.returncode:
        return 1
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out}: {size / 2**20:.1f} MiB")
    return 0


def unpacked(kit: Path, root: Path) -> ModelStore:
    """Return the kit's models as a store below ``root``."""
    shutil.copytree(kit / MODELS_FOLDER, root, dirs_exist_ok=True)
    for packed in root.rglob(f"*{PACKED}"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    return ModelStore(root)


def _gather_models(store: ModelStore, kit: ModelStore) -> None:
    packed, source = find_spec(_PACKED_MODEL), find_spec(_SOURCE_MODEL)
    built = build(packed, store, Precision.FP16)
    target = kit.onnx_path(packed, Precision.FP16)
    kit.write(target.with_name(target.name + PACKED), lzma.compress(built.path.read_bytes(), preset=3))
    kit.write(kit.manifest_path(packed, Precision.FP16), built.manifest.read_bytes())
    weights = store.read(store.source_path(source), source.source.member_sha256)
    kit.write(kit.source_path(source), weights)


if __name__ == "__main__":
    sys.exit(main())
