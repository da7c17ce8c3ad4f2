"""How large a picture may be: what the shared slot holds, and what is decoded at all."""

import math

MOST_FRAME_BYTES = 3840 * 2160 * 3
"""A frame in the slot: 4K in BGR. Larger pictures are shrunk to fit."""

MOST_DECODED_PX = 64_000_000
"""A picture or video larger than this is refused by its header (a 50-megapixel phone picture passes)."""

LEAST_SIDE_PX = 16
"""A picture narrower or lower than this cannot hold a face worth looking at."""


def fit_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Return the largest (width, height) of the same shape whose BGR frame fits the slot; unchanged if it does.

    Args:
        width_px: width, at least 1.
        height_px: height, at least 1.
    """
    if width_px * height_px * 3 <= MOST_FRAME_BYTES:
        return width_px, height_px
    scale = math.sqrt(MOST_FRAME_BYTES / (width_px * height_px * 3))
    width = max(1, min(math.floor(width_px * scale), MOST_FRAME_BYTES // 3))
    return width, max(1, min(math.floor(height_px * scale), MOST_FRAME_BYTES // (3 * width)))
