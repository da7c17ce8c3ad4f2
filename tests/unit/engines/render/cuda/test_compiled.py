"""Compiled kernels are found by source, capability and compiler, and are read with their hash or not at all."""

import json
import stat
from pathlib import Path

import pytest

from engines.cache import ModelStore
from engines.errors import EngineError, IntegrityError
from engines.render.cuda import compile as compiling
from engines.render.cuda import compiled
from engines.render.cuda.compiled import build_kernels, read_kernels, sources_digest


def compiler(folder: Path, version: str, content: str = "machine code") -> Path:
    """Return a compiler that writes the same for everything."""
    nvcc = folder / f"nvcc-{version}"
    nvcc.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "release, V{version}"; exit 0; fi\n'
        'while [ "$1" != -o ]; do shift; done\n'
        f'printf "%s" "{content}" > "$2"\n'
        "echo \"ptxas info : Compiling entry function 'eg_render_fp32' for 'sm_87'\" >&2\n"
        'echo "ptxas info : Used 48 registers" >&2\n'
    )
    nvcc.chmod(nvcc.stat().st_mode | stat.S_IXUSR)
    return nvcc


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_what_was_built_is_read_for_its_devices_alone(store: ModelStore, tmp_path: Path) -> None:
    built = build_kernels(store, (110, 87, 87), nvcc=compiler(tmp_path, "13.0.88"))
    assert built.architectures == (87, 110)
    assert [(r.kernel, r.registers) for r in built.reports] == [("eg_render_fp32", 48)]
    assert "sm87+110-nvcc13.0.88" in built.path.name
    assert sources_digest()[:16] in built.path.name
    for capability in ((8, 7), (11, 0)):
        assert read_kernels(store, capability) == b"machine code"
    with pytest.raises(EngineError, match="no compiled kernels for sm_90") as caught:
        read_kernels(store, (9, 0))
    assert "build --kernels" in caught.value.hint


def test_the_newest_compiler_wins_by_number(store: ModelStore, tmp_path: Path) -> None:
    for version in ("12.9.5", "13.10.1", "13.9.2"):
        build_kernels(store, (87,), nvcc=compiler(tmp_path, version, version))
    assert read_kernels(store, (8, 7)) == b"13.10.1"


def test_kernels_of_other_sources_are_none(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_kernels(store, (87,), nvcc=compiler(tmp_path, "13.0.88"))
    monkeypatch.setattr(compiled, "sources_digest", lambda: "0" * 64)
    with pytest.raises(EngineError, match="no compiled kernels"):
        read_kernels(store, (8, 7))


def test_a_file_that_changed_is_refused(store: ModelStore, tmp_path: Path) -> None:
    built = build_kernels(store, (87,), nvcc=compiler(tmp_path, "13.0.88"))
    built.path.write_bytes(b"machine cody")
    with pytest.raises(IntegrityError) as caught:
        read_kernels(store, (8, 7))
    assert "build --kernels" in caught.value.hint
    built.path.unlink()
    with pytest.raises(EngineError, match="not there") as caught_again:
        read_kernels(store, (8, 7))
    assert "build --kernels" in caught_again.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"architectures": "87"},
        {"nvcc": "thirteen"},
        {"nvcc": None},
        {"nvcc": "1" * 5_000},
        {"fatbin_sha256": 5},
        {"sources_sha256": None},
    ],
)
def test_a_manifest_that_says_nothing_counts_for_nothing(
    store: ModelStore, tmp_path: Path, change: dict[str, object]
) -> None:
    manifest = build_kernels(store, (87,), nvcc=compiler(tmp_path, "13.0.88")).path.with_suffix(".json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(EngineError, match="no compiled kernels"):
        read_kernels(store, (8, 7))
    for text in ("{", "[" * 100_000):
        manifest.write_text(text)
        with pytest.raises(EngineError, match="no compiled kernels"):
            read_kernels(store, (8, 7))


def test_every_file_that_the_kernels_include_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in compiling.SOURCE.parent.glob("*.*"):
        if source.suffix in {".cu", ".h"}:
            (tmp_path / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(compiled, "SOURCE", tmp_path / "kernels.cu")
    before = sources_digest()
    changed = set()
    for header in sorted(tmp_path.glob("*.h")):
        content = header.read_bytes()
        header.write_bytes(content + b"\n")
        if sources_digest() != before:
            changed.add(header.name)
        header.write_bytes(content)
    assert changed == {"platform.h", "render.h", "sample.h", "sparse.h", "squeeze.h", "tile.h", "views.h"}


def test_a_compiler_without_a_version_is_told(store: ModelStore, tmp_path: Path) -> None:
    silent = tmp_path / "nvcc"
    silent.write_text("#!/bin/sh\n")
    silent.chmod(silent.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(EngineError, match="version"):
        build_kernels(store, (87,), nvcc=silent)
    with pytest.raises(EngineError, match="does not run"):
        build_kernels(store, (87,), nvcc=tmp_path / "absent")
