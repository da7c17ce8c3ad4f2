import re
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest

from engines.catalog import CropRecipe, DerivedFile, Role, catalog_from_toml, find_spec, load_catalog, recipe_digest
from engines.errors import EngineError
from engines.render.spec import ChannelOrder
from engines.runtime.base import Precision

TEXT = resources.files("engines").joinpath("catalog.toml").read_text("utf-8")


def test_catalog_holds_two_embedders_and_a_detector() -> None:
    assert {spec.id: spec.role for spec in load_catalog().values()} == {
        "facenet-20180408": Role.EMBEDDER,
        "sface-2021dec": Role.EMBEDDER,
        "yunet-2023mar": Role.DETECTOR,
    }


def test_models_are_fed_as_they_were_trained() -> None:
    facenet, sface, yunet = load_catalog().values()
    assert (facenet.input.side, facenet.input.mean, facenet.input.scale) == (160, 127.5, 1 / 128)
    assert facenet.input.order is ChannelOrder.RGB
    assert facenet.crop is CropRecipe.BOX_125
    assert (sface.input.side, sface.input.mean, sface.input.scale) == (112, 0.0, 1.0)
    assert sface.crop is CropRecipe.ALIGN_112
    assert (yunet.input.order, yunet.default_size) == (ChannelOrder.BGR, (640, 480))


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (r"sizes = \[\[160, 160\]\]", "sizes = [[160, 0]]"),
        (r"\[640, 480\]", "[640, 470]"),
        (r"sizes = \[\[112, 112\]\]", "sizes = []"),
        (r"dimension = 512", "dimension = 0"),
        (r'crop = "align-112"', 'crop = ""'),
        (r'crop = "align-112"', 'crop = "align-113"'),
        (r'role = "detector"', 'role = "detective"'),
        (r"scale = 0.0078125", "scale = -1.0"),
        (r"scale = 0.0078125", "scale = nan"),
        (r'onnx_sha256 = "[0-9a-f]{64}"', 'onnx_sha256 = "abc"'),
        (r'wheel_sha256 = "[0-9a-f]{64}"', 'wheel_sha256 = ""'),
        (r'(?s)(sface-2021dec.fp16\]\n)onnx_sha256 = "[0-9a-f]{64}"', r'\1onnx_sha256 = "abc"'),
        (r"(sface-2021dec.fp16\]\n)onnx_sha256 = ", r"\1sha256 = "),
        (r"sface-2021dec.fp16", "sface-2021dec.fp8"),
        (r"member_bytes = \d+", "member_bytes = 0"),
        (r"license = ", "lisence = "),
        (r"title = .*", ""),
        (r"\[facenet-20180408.source\]", "[facenet-20180408.sauce]"),
        (r"role = ", "role = = "),
    ],
)
def test_damaged_catalog_is_refused(found: str, put: str) -> None:
    damaged, count = re.subn(found, put, TEXT, count=1)
    assert count == 1
    with pytest.raises(EngineError, match="damaged") as caught:
        catalog_from_toml(damaged)
    assert caught.value.hint


def test_table_that_is_no_model_is_refused() -> None:
    with pytest.raises(EngineError, match="damaged"):
        catalog_from_toml("model = 3")


def test_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(EngineError) as caught:
        find_spec("arcface")
    assert "facenet-20180408" in caught.value.hint


def test_shape_is_batch_channels_height_width() -> None:
    yunet, sface = find_spec("yunet-2023mar"), find_spec("sface-2021dec")
    assert yunet.shape(batch=1) == (1, 3, 480, 640)
    assert yunet.shape(batch=1, size=(320, 256)) == (1, 3, 256, 320)
    assert sface.shape(batch=8) == (8, 3, 112, 112)


@pytest.mark.parametrize(
    ("model", "batch", "size"),
    [
        ("yunet-2023mar", 2, None),
        ("yunet-2023mar", 1, (600, 480)),
        ("yunet-2023mar", 1, (672, 480)),
        ("sface-2021dec", 0, None),
        ("sface-2021dec", 1, (160, 160)),
    ],
)
def test_shape_that_cannot_be_proven_is_refused(model: str, batch: int, size: tuple[int, int] | None) -> None:
    with pytest.raises(EngineError):
        find_spec(model).shape(batch=batch, size=size)


def test_recipe_digest_depends_on_the_recipe_alone() -> None:
    spec = find_spec("facenet-20180408")
    assert re.fullmatch("[0-9a-f]{64}", recipe_digest(spec))
    assert recipe_digest(replace(spec, title="other", measured="other")) == recipe_digest(spec)
    for other in (
        replace(spec, crop=CropRecipe.ALIGN_112),
        replace(spec, input=replace(spec.input, mean=127.0)),
        replace(spec, input=replace(spec.input, scale=1 / 127.5)),
        replace(spec, input=replace(spec.input, order=ChannelOrder.BGR)),
        replace(spec, input=replace(spec.input, side=112), sizes=((112, 112),)),
        replace(spec, center_sha256="0" * 64),
        replace(spec, center_sha256=""),
    ):
        assert recipe_digest(other) != recipe_digest(spec)


def test_recipe_digest_is_what_templates_were_bound_to() -> None:
    """A change here orphans every enrolled template: bump it only with a migration."""
    assert {spec.id: recipe_digest(spec)[:12] for spec in load_catalog().values() if spec.dimension} == {
        "facenet-20180408": "21bfa3fad2db",
        "sface-2021dec": "ee177cf2c1c2",
    }


def test_every_model_has_an_fp16_file_of_its_own() -> None:
    for spec in load_catalog().values():
        assert spec.has_file(Precision.FP32)
        assert spec.has_file(Precision.FP16)
        assert spec.file_sha256(Precision.FP32) == spec.onnx_sha256 != spec.file_sha256(Precision.FP16)


def test_a_precision_without_a_file_names_those_that_have_one() -> None:
    with pytest.raises(EngineError, match="no bf16 file") as caught:
        find_spec("yunet-2023mar").file_sha256(Precision.BF16)
    assert "fp16" in caught.value.hint


@pytest.mark.parametrize(
    "file",
    [
        {"precision": Precision.BF16, "onnx_sha256": "0" * 64},
        {"precision": Precision.FP16, "onnx_sha256": "0" * 63},
        {"precision": Precision.INT8, "onnx_sha256": "0" * 64},
        {"precision": Precision.INT8, "onnx_sha256": "0" * 64, "ranges_sha256": "x"},
    ],
)
def test_a_derived_file_is_pinned_whole(file: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"hashes|no file"):
        DerivedFile(**file)
