import hashlib

import numpy as np
import pytest

from engines import golden
from engines.catalog import Role, find_spec, load_catalog
from engines.errors import EngineError, IntegrityError
from engines.golden import PICTURE_NAMES, batch_from_pictures, detector_picture, embedder_pictures, expected


@pytest.mark.parametrize("side", [112, 160])
def test_pictures_are_there_and_different(side: int) -> None:
    pictures = embedder_pictures(side)
    assert len(pictures) == len(PICTURE_NAMES)
    assert {(p.shape, p.dtype) for p in pictures} == {((side, side, 3), np.dtype(np.uint8))}
    assert len({hashlib.sha256(p.tobytes()).hexdigest() for p in pictures}) == len(pictures)


def test_computed_pictures_are_the_same_everywhere() -> None:
    drawn = b"".join(p.tobytes() for p in embedder_pictures(112)[4:])
    assert hashlib.sha256(drawn).hexdigest()[:16] == "aee781ac84f071b9"


@pytest.mark.parametrize("size", find_spec("yunet-2023mar").sizes)
def test_every_detector_size_has_a_picture_with_faces(size: tuple[int, int]) -> None:
    spec = find_spec("yunet-2023mar")
    assert detector_picture(size).shape == (size[1], size[0], 3)
    rows = expected(spec, size)
    assert rows.shape[1] == 17
    assert rows[:, 2].max() > 0.8
    assert len(set(rows[rows[:, 2] > 0.5, 0])) >= (2 if min(size) >= 192 else 1)
    assert rows[:, 2].min() > golden.ROW_SCORE


def test_default_size_exercises_every_head() -> None:
    spec = find_spec("yunet-2023mar")
    rows = expected(spec, spec.default_size)
    assert set(rows[rows[:, 2] > 0.5, 0]) == {8, 16, 32}


def test_every_embedder_has_finite_outputs_of_its_dimension() -> None:
    for spec in load_catalog().values():
        if spec.role is Role.EMBEDDER:
            outputs = expected(spec, spec.default_size)
            assert outputs.shape == (len(PICTURE_NAMES), spec.dimension)
            assert np.isfinite(outputs).all()


def test_batch_is_planes_in_the_models_order() -> None:
    yunet, facenet = find_spec("yunet-2023mar"), find_spec("facenet-20180408")
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[1, 2] = (255, 128, 1)
    assert batch_from_pictures(yunet, (picture,))[0, :, 1, 2].tolist() == [1, 128, 255]
    planes = batch_from_pictures(facenet, (picture, picture))
    assert planes.shape == (2, 3, 2, 3)
    assert planes.flags.c_contiguous
    np.testing.assert_array_equal(planes[1, :, 1, 2], np.array([127.5, 0.5, -126.5], np.float32) / 128)


def test_size_without_golden_data_is_an_engine_error() -> None:
    with pytest.raises(EngineError, match="64x64"):
        expected(find_spec("yunet-2023mar"), (64, 64))
    with pytest.raises(EngineError, match="hopper-96"):
        embedder_pictures(96)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"garbage"])
def test_damaged_golden_data_is_an_integrity_error(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(golden, "_file", lambda _: data)
    with pytest.raises(IntegrityError):
        embedder_pictures(112)
    golden._outputs.cache_clear()
    try:
        with pytest.raises(IntegrityError):
            expected(find_spec("sface-2021dec"), (112, 112))
    finally:
        golden._outputs.cache_clear()
