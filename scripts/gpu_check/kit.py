"""``python -m scripts.gpu_check.kit --out DIR``: gathers all that a CUDA machine without a network lacks.

The files of the models travel packed: FaceNet's and YuNet's in fp16 as they are; of SFace the published weights,
which are smaller than its fp16 file and are converted there. PyCUDA travels as source, to be built with that
machine's own compilers. numpy and OpenCV do not travel: their wheels are 74 MiB. The folder holds
weights, and is never committed.
"""

import argparse
import lzma
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.build import build
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import EngineError
from engines.runtime.base import Precision

MOST_MIB = 64.0
"""What may be brought along, the checkout included."""
MODELS_FOLDER, PACKAGES_FOLDER = "models", "packages"
PACKED = ".xz"

_BUILT_MODELS, _SOURCE_MODELS = ("facenet-20180408", "yunet-2023mar"), ("sface-2021dec",)
_HINT = "run 'make gpu-kit' where there is a network, and bring the folder along"
_ROOT = Path(__file__).resolve().parents[2]
_REQUIREMENTS = (_ROOT / "engines/gpu/requirements.txt", Path(__file__).parent / "requirements.txt")
_PYTHON = "3.12"
_GLIBC = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
# Halves: what one byte is, the byte two places before tells best. A twentieth is gained by that.
_FILTERS = ({"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 0, "lp": 1, "pb": 1},)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the folder, and say how large it is; exit 1 if something is missing or it is too large to be brought."""
    parser = argparse.ArgumentParser(prog="gpu-kit", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to fill; what is in it is deleted")
    parser.add_argument("--machine", default=platform.machine(), help="processor there, such as x86_64 or aarch64")
    asked = parser.parse_args(arguments)
    out: Path = asked.out
    try:
        empty(out)
        gather_models(ModelStore(), ModelStore(out / MODELS_FOLDER))
        _gather_packages(out / PACKAGES_FOLDER, asked.machine)
        kit, checkout = size_mib(out), _checkout_mib()
        print(f"{out}: {kit:.1f} MiB; with the checkout {kit + checkout:.1f} MiB")
        require_portable(kit + checkout)
    except EngineError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
        return 1
    return 0


def empty(out: Path) -> None:
    """Make the folder new; one that is no kit is left alone.

    Raises:
        EngineError: there is something else in it.
    """
    if out.is_dir():
        strange = [path.name for path in out.iterdir() if path.name not in {MODELS_FOLDER, PACKAGES_FOLDER}]
        if strange:
            raise EngineError(f"{out} holds {strange[0]!r}, which is of no kit", hint="name an empty folder")
        shutil.rmtree(out)
    out.mkdir(parents=True)


def gather_models(
    store: ModelStore,
    kit: ModelStore,
    *,
    built: Sequence[str] = _BUILT_MODELS,
    sources: Sequence[str] = _SOURCE_MODELS,
) -> None:
    """Pack models into a kit.

    Args:
        store: holds their published weights.
        kit: the kit's store.
        built: models whose fp16 file travels.
        sources: models whose published weights travel.

    Raises:
        EngineError: the weights were not fetched.
    """
    for spec in map(find_spec, built):
        model = build(spec, store, Precision.FP16)
        _pack(kit, kit.onnx_path(spec, Precision.FP16), model.path.read_bytes())
        kit.write(kit.manifest_path(spec, Precision.FP16), model.manifest.read_bytes())
    for spec in map(find_spec, sources):
        weights = store.read(store.source_path(spec), spec.source.member_sha256)
        _pack(kit, kit.source_path(spec), weights)


def unpacked(kit: Path, root: Path) -> ModelStore:
    """Return the kit's models as a store below ``root``; whoever reads a file of it proves its hash.

    Raises:
        EngineError: the kit is not there or is damaged.
    """
    try:
        shutil.copytree(kit / MODELS_FOLDER, root, dirs_exist_ok=True)
        for packed in list(root.rglob(f"*{PACKED}")):
            packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
            packed.unlink()
    except (OSError, shutil.Error, lzma.LZMAError) as error:
        raise EngineError(f"{kit} is no whole kit: {error}", hint=_HINT) from error
    return ModelStore(root)


def require_portable(total_mib: float) -> None:
    """Return if that much may be brought along.

    Raises:
        EngineError: it is more than ``MOST_MIB``.
    """
    if total_mib > MOST_MIB:
        raise EngineError(
            f"{total_mib:.1f} MiB are more than the {MOST_MIB:g} MiB that can be brought along",
            hint="leave a model out of the kit, or images out of the checkout",
        )


def size_mib(folder: Path) -> float:
    """Return how large all files below a folder are."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20


def _pack(kit: ModelStore, path: Path, data: bytes) -> None:
    packed = lzma.compress(data, format=lzma.FORMAT_XZ, filters=_FILTERS)
    kit.write(path.with_name(path.name + PACKED), packed)


def _gather_packages(folder: Path, machine: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--python-version", _PYTHON, "--implementation", "cp"]
    command += [word for glibc in _GLIBC for word in ("--platform", f"{glibc}_{machine}")]
    command += [word for file in _REQUIREMENTS for word in ("-r", str(file))]
    if subprocess.run([*command, "-d", str(folder)], check=False).returncode:
        raise EngineError("the packages could not be downloaded", hint="see what pip said above")


def _checkout_mib() -> float:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=_ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise EngineError(f"git does not list the checkout: {listed.stderr.strip()}", hint="run it in a git checkout")
    paths = [_ROOT / name for name in listed.stdout.split("\0") if name]
    return sum(path.lstat().st_size for path in paths if path.exists()) / 2**20


if __name__ == "__main__":
    sys.exit(main())
