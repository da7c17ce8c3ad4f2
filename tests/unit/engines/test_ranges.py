"""Committed activation ranges: pinned by the catalog, bound to the fp32 file, damaged ones refused."""

from dataclasses import replace

import pytest

from engines.catalog import ModelSpec, load_catalog
from engines.errors import EngineError, IntegrityError
from engines.ranges import ActivationRanges, ranges_from_json, ranges_of
from engines.runtime.base import Precision

QUANTIZED = [spec for spec in load_catalog().values() if spec.has_file(Precision.INT8)]


@pytest.mark.parametrize("spec", QUANTIZED, ids=lambda spec: str(spec.id))
def test_committed_ranges_are_the_catalogs(spec: ModelSpec) -> None:
    table = ranges_of(spec)
    assert (table.model, table.onnx_sha256) == (spec.id, spec.onnx_sha256)
    assert table.pictures >= 500
    assert ranges_from_json(table.to_json()) == table


@pytest.mark.parametrize("spec", QUANTIZED, ids=lambda spec: str(spec.id))
def test_ranges_of_another_table_or_model_file_are_refused(spec: ModelSpec) -> None:
    file = replace(spec.derived_file(Precision.INT8), ranges_sha256="0" * 64)
    with pytest.raises(IntegrityError, match="sha256"):
        ranges_of(replace(spec, derived=(file,)))
    with pytest.raises(IntegrityError, match="another model file"):
        ranges_of(replace(spec, onnx_sha256="0" * 64))


def test_a_model_without_ranges_says_so() -> None:
    with pytest.raises(EngineError, match="no int8 file"):
        ranges_of(load_catalog()["yunet-2023mar"])


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"model": 1}', b"\xff"])
def test_a_damaged_table_is_an_engine_error(data: bytes) -> None:
    with pytest.raises(EngineError, match="damaged"):
        ranges_from_json(data)


@pytest.mark.parametrize("most", [0.0, -1.0, float("nan"), float("inf")])
def test_a_range_is_finite_and_positive(most: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        ActivationRanges(
            model="m", onnx_sha256="0", method="largest", pictures=1, data_sha256="0", ranges={"a": most}
        )
