"""Centers: the catalog's own are whole; one that is altered, gone or of the wrong length is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines import centers
from engines.catalog import find_spec, load_catalog
from engines.centers import center_of
from engines.errors import IntegrityError

SPEC = find_spec("sface-2021dec")


@pytest.mark.parametrize("model_id", [spec.id for spec in load_catalog().values() if spec.dimension])
def test_every_embedder_has_a_center_within_the_unit_ball(model_id: str) -> None:
    center = center_of(find_spec(model_id))
    assert center.shape == (find_spec(model_id).dimension,)
    assert 0 < np.linalg.norm(center) < 1
    with pytest.raises(ValueError, match="read-only"):
        center[0] = 0


def test_a_model_without_a_center_keeps_its_embeddings() -> None:
    assert not center_of(replace(SPEC, center_sha256="")).any()


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, center_sha256="0" * 64),
        replace(SPEC, id="no-such-model"),
        replace(SPEC, dimension=64),
    ],
)
def test_another_center_than_the_catalog_names_is_refused(spec: object) -> None:
    with pytest.raises(IntegrityError) as caught:
        center_of(spec)  # type: ignore[arg-type]
    assert "install" in caught.value.hint


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centers, "_parsed", lambda *_: np.full(SPEC.dimension, np.nan, np.float32))
    with pytest.raises(IntegrityError, match="finite"):
        center_of(replace(SPEC, center_sha256="1" * 64))
