"""What was computed is found again by content and recipe; what is broken is computed anew."""

import stat
from pathlib import Path

import numpy as np
import pytest

from calibration.pictures.embedding_cache import EmbeddingCache
from edge.domain.errors import StoreError

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
KEY = EmbeddingCache.key(PIXELS, {"model": "a"})


def test_an_entry_comes_back_as_it_was(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "cache")
    assert cache.find(KEY) is None
    cache.keep(KEY, {"rows": np.eye(3, dtype=np.float32), "model x/y": np.zeros(2)})
    found = cache.find(KEY)
    assert found is not None
    assert found["rows"].dtype == np.float32
    np.testing.assert_array_equal(found["rows"], np.eye(3))
    assert set(found) == {"rows", "model x/y"}


def test_an_empty_entry_is_an_entry(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path)
    cache.keep(KEY, {})
    assert cache.find(KEY) == {}


@pytest.mark.parametrize(
    "other",
    [
        EmbeddingCache.key(PIXELS + np.uint8(1), {"model": "a"}),
        EmbeddingCache.key(PIXELS.reshape(2, 8, 3), {"model": "a"}),
        EmbeddingCache.key(PIXELS, {"model": "b"}),
        EmbeddingCache.key(PIXELS, {}),
    ],
)
def test_other_pixels_or_another_recipe_are_another_entry(other: str) -> None:
    assert other != KEY


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_a_broken_entry_is_none(tmp_path: Path, content: bytes) -> None:
    cache = EmbeddingCache(tmp_path)
    cache.keep(KEY, {"rows": np.zeros(3)})
    next(tmp_path.rglob("*.npz")).write_bytes(content)
    assert cache.find(KEY) is None


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    EmbeddingCache(tmp_path / "cache").keep(KEY, {"rows": np.zeros(3)})
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        EmbeddingCache(tmp_path / "file" / "below").keep(KEY, {"rows": np.zeros(3)})


def test_no_half_written_entry_is_left(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path)
    for _ in range(3):
        cache.keep(KEY, {"rows": np.zeros(3)})
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".npz"]
    assert [path.name for path in tmp_path.iterdir()] == [KEY[:2]]
