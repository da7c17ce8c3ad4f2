"""A small certificate over three bands, of made-up embeddings."""

import numpy as np

from edge.domain.certificate import Alignment, Certificate, Mask

DIMENSIONS = 16


def a_mask(name: str, group: str, *, top: float = 0.0, height: float = 0.4) -> Mask:
    """Return a mask across the crop."""
    return Mask(name=name, group=group, x=0.0, y=top, width=1.0, height=height, fill=0)


MASKS = (a_mask("upper", "cheap"), a_mask("middle", "dear", top=0.3), a_mask("lower", "cheap", top=0.6))


def a_certificate(name: str = "tiered", model_id: str = "a") -> Certificate:
    """Return one that asks for 0.5 under every mask."""
    rng = np.random.default_rng(9)
    return Certificate(
        name=name,
        model_id=model_id,
        alignment=Alignment.GIVEN,
        masks=MASKS,
        centers=rng.normal(scale=0.1, size=(3, DIMENSIONS)).astype(np.float32),
        thresholds=np.full(3, 0.5),
        bounds={"cheap": 1e-3, "dear": 1e-2},
    )
