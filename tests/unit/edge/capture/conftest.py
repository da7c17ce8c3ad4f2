"""Small videos and pictures, made on the spot."""

import io
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image


def _mpeg_ts(width: int, height: int, frames: int) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 90, np.uint8), "bgr24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.fixture
def lossless_video(tmp_path: Path) -> Callable[[int], Path]:
    """Make a 64x48 video at 25 fps whose frame i is all of the gray level 2 * i."""

    def make(frames: int) -> Path:
        path = tmp_path / f"levels{frames}.mkv"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
            for index in range(frames):
                pixels = np.full((48, 64, 3), 2 * index, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "bgr24")))
            container.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def resizing_video(tmp_path: Path) -> Path:
    """A recording of which the first part is 320x240, the second 160x120."""
    path = tmp_path / "resizing.ts"
    path.write_bytes(_mpeg_ts(320, 240, 8) + _mpeg_ts(160, 120, 8))
    return path


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    """A colorful picture, 120x150."""
    rng = np.random.default_rng(7)
    coarse = Image.fromarray(rng.integers(0, 255, (10, 8, 3), dtype=np.uint8))
    path = tmp_path / "portrait.png"
    coarse.resize((120, 150), Image.Resampling.BICUBIC).save(path)
    return path
