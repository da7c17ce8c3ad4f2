from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.capture.synthetic_camera import SyntheticCamera
from edge.capture.synthetic_motion import SceneMode, SyntheticMotion
from edge.domain.errors import PictureError


def frames(portrait: Path, motion: SyntheticMotion) -> list[NDArray[np.uint8]]:
    camera = SyntheticCamera(str(portrait), motion)
    camera.open()
    got = []
    while (frame := camera.read()) is not None:
        got.append(frame.pixels.copy())
    camera.close()
    return got


SHORT = SyntheticMotion(size=(160, 120), frames=12, gap_s=0, enter_s=0.1, stay_s=0, fps=30)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(portrait: Path) -> None:
    first, again = frames(portrait, SHORT), frames(portrait, SHORT)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = frames(portrait, SyntheticMotion(size=(160, 120), frames=12, gap_s=0, enter_s=0.1, stay_s=0, seed=1))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("mode", [SceneMode.VISIT, SceneMode.EMPTY, SceneMode.DARK])
def test_a_sensor_never_repeats_its_bytes(portrait: Path, mode: SceneMode) -> None:
    shown = frames(portrait, SyntheticMotion(mode=mode, size=(160, 120), frames=30, motion=0, noise=0.5))
    assert not any(np.array_equal(a, b) for a, b in zip(shown[1:], shown, strict=False))


def test_a_frozen_feed_repeats_them(portrait: Path) -> None:
    motion = SyntheticMotion(mode=SceneMode.FROZEN, size=(160, 120), frames=10, freeze_s=0.1, fps=30)
    shown = frames(portrait, motion)
    assert not np.array_equal(shown[1], shown[2])
    assert all(np.array_equal(frame, shown[3]) for frame in shown[3:])


def test_a_covered_lens_is_dark(portrait: Path) -> None:
    shown = frames(portrait, SyntheticMotion(mode=SceneMode.DARK, size=(160, 120), frames=3))
    assert all(frame.mean() < 10 for frame in shown)


def test_the_portrait_comes_into_view(portrait: Path) -> None:
    motion = SyntheticMotion(size=(160, 120), frames=60, gap_s=0.5, enter_s=0.5, stay_s=0, motion=0.2)
    shown = frames(portrait, motion)
    empty = frames(portrait, SyntheticMotion(mode=SceneMode.EMPTY, size=(160, 120), frames=60))

    def difference(index: int) -> float:
        return float(np.abs(shown[index].astype(int) - empty[index]).mean())

    assert difference(5) == 0
    assert 0 < difference(18) < difference(50)
    assert difference(50) > 10


def test_times_follow_the_rate_and_frames_end(portrait: Path) -> None:
    camera = SyntheticCamera(str(portrait), SyntheticMotion(size=(64, 64), frames=3, fps=25))
    camera.open()
    shown = [camera.read() for _ in range(4)]
    assert [frame and frame.source_time_ns for frame in shown] == [0, 40_000_000, 80_000_000, None]


def test_a_bad_portrait_is_a_picture_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(PictureError):
        SyntheticCamera(str(tmp_path / "a.png"), SyntheticMotion()).open()


def test_a_portrait_of_odd_shape_is_drawn(tmp_path: Path) -> None:
    from PIL import Image

    for size in ((600, 20), (20, 600)):
        Image.new("RGB", size, (255, 0, 0)).save(tmp_path / "odd.png")
        assert len(frames(tmp_path / "odd.png", SHORT)) == 12
