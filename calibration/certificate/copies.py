"""The occluded copies of many people's pictures: what certificates are fitted on and measured with."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.reading import OccludedReader
from calibration.pictures.faces import FacePicture
from edge.domain.certificate import Alignment, Mask
from engines.progress import Progress

Rows = NDArray[np.float32]
Copies = Mapping[Alignment, Mapping[str, Rows]]
"""By alignment and name of mask, float32 (pictures, d); rows of NaN where no face was found again."""


def read_copies(
    pictures: Sequence[FacePicture],
    reader: OccludedReader,
    masks: Mapping[Alignment, Iterable[Mask]],
    progress: Progress,
    *,
    label: str,
) -> Copies:
    """Embed every picture under every mask, each mask once whatever its group.

    Raises:
        EdgeError: an engine failed, or the cache cannot be written.
    """
    distinct = {alignment: tuple({m.name: m for m in every}.values()) for alignment, every in masks.items()}
    progress.start(label, len(pictures))
    rows: dict[Alignment, list[Rows]] = {alignment: [] for alignment in distinct}
    try:
        for done, picture in enumerate(pictures, start=1):
            for alignment, every in distinct.items():
                look = reader.moved if alignment is Alignment.GIVEN else reader.realigned
                rows[alignment].append(look(picture, every))
            progress.advance(done)
    finally:
        progress.finish()
    return {
        alignment: {mask.name: np.stack(found)[:, i] for i, mask in enumerate(distinct[alignment])}
        for alignment, found in rows.items()
    }


def rows_under(copies: Copies, alignment: Alignment, masks: Sequence[Mask]) -> Rows:
    """Return float32 (pictures, masks, d), in the order of ``masks``."""
    return np.stack([copies[alignment][mask.name] for mask in masks], axis=1)
