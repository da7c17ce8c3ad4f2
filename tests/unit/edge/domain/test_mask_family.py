"""A family's digest follows everything that a copy depends on, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from edge.domain.certificate import Alignment, Mask
from edge.domain.mask_family import MaskFamily, columns_of, distinct_masks, families_of
from tests.support.patch_certificates import MASKS, a_certificate

FAMILY = MaskFamily.of(a_certificate())


def _with_first(**changes: object) -> MaskFamily:
    first: Mask = replace(MASKS[0], **changes)  # type: ignore[arg-type]  # any field of a mask
    return replace(FAMILY, masks=(first, *FAMILY.masks[1:]))


@pytest.mark.parametrize(
    "other",
    [
        replace(FAMILY, model_id="b"),
        replace(FAMILY, alignment=Alignment.REALIGNED),
        replace(FAMILY, masks=FAMILY.masks[::-1]),
        replace(FAMILY, masks=FAMILY.masks[:2]),
        _with_first(name="other"),
        _with_first(x=0.01, width=0.99),
        _with_first(height=0.4 + 1e-12),
        _with_first(y=0.01),
        _with_first(fill=1),
    ],
)
def test_another_copy_is_another_digest(other: MaskFamily) -> None:
    assert other.digest != FAMILY.digest


def test_what_was_only_fitted_again_is_the_same_family() -> None:
    again = replace(a_certificate("again"), thresholds=np.full(3, 0.9), bounds={"cheap": 0.5, "dear": 0.5})
    grouped = replace(again, masks=tuple(replace(m, group="all") for m in MASKS), bounds={"all": 0.1})
    assert families_of([a_certificate(), again, grouped]) == (FAMILY,)
    assert len(FAMILY.digest) == 64


def test_masks_are_found_among_distinct_ones() -> None:
    again = [*MASKS, replace(MASKS[0], name="again", group="other")]
    assert distinct_masks(again) == MASKS
    assert columns_of(MASKS, [again[3], MASKS[2]]) == [0, 2]
    with pytest.raises(KeyError):
        columns_of(MASKS, [replace(MASKS[0], fill=9)])
