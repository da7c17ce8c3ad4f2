from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.capture.camera import RawFrame
from edge.capture.limits import MOST_FRAME_BYTES
from edge.capture.stills import SPACING_NS, StillsCamera
from edge.domain.errors import CameraError, PictureError


def drain(camera: StillsCamera) -> list[RawFrame | str]:
    """Read to the end; a bad picture gives its message."""
    got: list[RawFrame | str] = []
    while True:
        try:
            frame = camera.read()
        except PictureError as error:
            got.append(str(error))
            continue
        if frame is None:
            return got
        got.append(frame)


def test_a_folder_gives_the_good_and_names_the_bad(tmp_path: Path) -> None:
    for name in ("b.png", "d.jpg"):
        Image.new("RGB", (40, 30)).save(tmp_path / name)
    (tmp_path / "a.jpg").touch()
    (tmp_path / "c.txt").write_text("no picture")
    (tmp_path / ".hidden").touch()
    (tmp_path / "folder").mkdir()
    camera = StillsCamera(str(tmp_path))
    camera.open()
    bad_a, b, bad_c, d = drain(camera)
    assert "a.jpg is empty" in str(bad_a)
    assert "c.txt is not a picture" in str(bad_c)
    assert isinstance(b, RawFrame)
    assert isinstance(d, RawFrame)
    assert (b.name, d.name) == ("b.png", "d.jpg")
    assert (b.source_time_ns, d.source_time_ns) == (SPACING_NS, 3 * SPACING_NS)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    with pytest.raises(CameraError, match="holds no picture") as caught:
        StillsCamera(str(tmp_path)).open()
    assert caught.value.exit_code == 5
    assert caught.value.hint


def test_one_picture_comes_once(portrait: Path) -> None:
    camera = StillsCamera(str(portrait))
    camera.open()
    assert [type(frame) for frame in drain(camera)] == [RawFrame]


def test_a_picture_larger_than_the_slot_is_shrunk(tmp_path: Path) -> None:
    Image.new("L", (6000, 3000), 77).save(tmp_path / "large.png")
    camera = StillsCamera(str(tmp_path / "large.png"))
    camera.open()
    frame = camera.read()
    assert frame is not None
    assert frame.pixels.nbytes <= MOST_FRAME_BYTES
    height, width = frame.pixels.shape[:2]
    assert abs(width / height - 2) < 0.01
    assert np.unique(frame.pixels).tolist() == [77]
