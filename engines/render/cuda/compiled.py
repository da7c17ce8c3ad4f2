"""Where compiled kernels lie: built ahead for the device, told apart by their sources, and proven when they are read.

::

    ROOT/compiled/cuda/render-SOURCES16-sm87-nvcc13.0.88.fatbin    with a .json telling what it is

Nothing is compiled at the door: a device that has no kernels of these very sources for its very capability has none.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.cache import ModelStore, read_proven
from engines.errors import EngineError, IntegrityError
from engines.render.cuda.compile import SOURCE, KernelReport, compile_fatbin, find_nvcc, nvcc_version

_RUNTIME = "cuda"
_CHARS = 16
_INCLUDE = re.compile(r'^#include "([\w.]+)"', re.MULTILINE)
_BUILD = "run 'edge-gate engines build --kernels' on this device"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledKernels:
    """A file of compiled kernels.

    Attributes:
        path: the file.
        architectures: compute capabilities without the dot that it has machine code for.
        reports: what the compiler said of each kernel.
    """

    path: Path
    architectures: tuple[int, ...]
    reports: tuple[KernelReport, ...]


def sources_digest() -> str:
    """Return the sha256 of the kernels' source and of every file that it includes, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(_sources(SOURCE, set()), key=lambda path: path.name):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def build_kernels(store: ModelStore, architectures: Sequence[int], *, nvcc: Path | None = None) -> CompiledKernels:
    """Compile the kernels for some architectures into the store.

    Args:
        store: the model store.
        architectures: compute capabilities without the dot, such as 87 for Orin and 110 for Thor.
        nvcc: the compiler; None = the one that is found.

    Raises:
        EngineError: there is no compiler, it fails, or the store cannot be written.
    """
    compiler = nvcc or find_nvcc()
    version = nvcc_version(compiler)
    wanted = tuple(sorted(set(architectures)))
    with store.workspace() as folder:
        part = folder / "kernels.fatbin"
        reports = compile_fatbin(wanted, part, nvcc=compiler)
        fatbin = part.read_bytes()
    sources = sources_digest()
    name = f"render-{sources[:_CHARS]}-sm{'+'.join(map(str, wanted))}-nvcc{version}"
    path = store.compiled_dir(_RUNTIME) / f"{name}.fatbin"
    manifest = {
        "sources_sha256": sources,
        "nvcc": version,
        "architectures": wanted,
        "fatbin_sha256": hashlib.sha256(fatbin).hexdigest(),
        "kernels": [
            {"kernel": r.kernel, "sm": r.architecture, "registers": r.registers, "spilled_bytes": r.spilled_bytes}
            for r in reports
        ],
    }
    store.write(path, fatbin)
    store.write(path.with_suffix(".json"), (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode())
    return CompiledKernels(path=path, architectures=wanted, reports=tuple(reports))


def read_kernels(store: ModelStore, capability: tuple[int, int]) -> bytes:
    """Return kernels of the present sources with machine code for a device, proven by their hash.

    Args:
        store: the model store.
        capability: the device's, major and minor.

    Raises:
        EngineError: there are none; nothing is compiled here.
        IntegrityError: the file is another than was compiled.
    """
    architecture = 10 * capability[0] + capability[1]
    fitting = [
        (manifest, path)
        for manifest, path in _manifests(store)
        if architecture in manifest["architectures"] and manifest["sources_sha256"] == sources_digest()
    ]
    if not fitting:
        raise EngineError(f"there are no compiled kernels for sm_{architecture}", hint=_BUILD)
    manifest, path = max(fitting, key=lambda found: [int(part) for part in found[0]["nvcc"].split(".")])
    try:
        return read_proven(path.with_suffix(".fatbin"), manifest["fatbin_sha256"])
    except IntegrityError as error:
        raise IntegrityError(str(error), hint=f"delete this file, then {_BUILD}") from error
    except EngineError as error:
        raise EngineError(str(error), hint=_BUILD) from error


def _manifests(store: ModelStore) -> Iterator[tuple[dict[str, Any], Path]]:
    for path in sorted(store.compiled_dir(_RUNTIME).glob(f"render-{sources_digest()[:_CHARS]}-*.json")):
        try:
            manifest = json.loads(path.read_bytes())
            is_whole = (
                isinstance(manifest["architectures"], list)
                and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})*", manifest["nvcc"])
                and isinstance(manifest["sources_sha256"], str)
                and isinstance(manifest["fatbin_sha256"], str)
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue  # as if it were not there: kernels without their manifest prove nothing
        if is_whole:
            yield manifest, path


def _sources(path: Path, found: set[Path]) -> set[Path]:
    if path not in found:
        found.add(path)
        for name in _INCLUDE.findall(path.read_text("utf-8")):
            _sources(path.parent / name, found)
    return found
