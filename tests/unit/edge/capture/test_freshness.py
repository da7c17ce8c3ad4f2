import datetime as dt

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.capture.freshness import FrozenFeedDetector, frame_age_ms, is_stale
from edge.domain.frame import Frame, PixelFormat


def frame(pixels: NDArray[np.uint8], captured_ns: int = 0, pixel_format: PixelFormat = PixelFormat.BGR) -> Frame:
    return Frame(
        camera_id="c",
        seq=1,
        captured_ns=captured_ns,
        captured_utc=dt.datetime.now(dt.UTC),
        pixels=pixels,
        pixel_format=pixel_format,
    )


NOISE = np.random.default_rng(3).integers(0, 255, (48, 64, 3), dtype=np.uint8)


def test_age() -> None:
    shown = frame(NOISE, captured_ns=1_000_000_000)
    assert frame_age_ms(shown, 1_250_000_000) == 250
    assert not is_stale(shown, 1_500_000_000, most_age_ms=500)
    assert is_stale(shown, 1_500_000_001, most_age_ms=500)


def test_a_frame_from_the_future_is_stale() -> None:
    assert is_stale(frame(NOISE, captured_ns=10**9), 0, most_age_ms=500)


def test_repeats_are_counted_from_the_first() -> None:
    detector = FrozenFeedDetector(most_repeats=2)
    seen = [(detector.observe(frame(NOISE.copy())), detector.repeats) for _ in range(4)]
    assert seen == [(False, 0), (False, 1), (False, 2), (True, 3)]


@pytest.mark.parametrize("place", [(0, 0, 0), (7, 9, 1), (47, 63, 2)])
def test_one_changed_value_anywhere_is_a_new_frame(place: tuple[int, int, int]) -> None:
    detector = FrozenFeedDetector(most_repeats=0)
    detector.observe(frame(NOISE))
    changed = NOISE.copy()
    changed[place] ^= 1
    assert not detector.observe(frame(changed))
    assert detector.observe(frame(changed))
    assert not detector.observe(frame(NOISE))


def test_the_buffer_of_the_last_frame_may_be_overwritten() -> None:
    detector = FrozenFeedDetector(most_repeats=0)
    buffer = NOISE.copy()
    detector.observe(frame(buffer))
    buffer[:] = NOISE[::-1]
    assert not detector.observe(frame(buffer))


def test_a_change_of_size_or_format_and_a_restart_begin_anew() -> None:
    detector = FrozenFeedDetector(most_repeats=0)
    detector.observe(frame(NOISE))
    assert detector.observe(frame(NOISE))
    assert not detector.observe(frame(NOISE[:24]))
    assert not detector.observe(frame(NOISE[:, :, 0].copy(), pixel_format=PixelFormat.NV12))
    detector.reset()
    assert not detector.observe(frame(NOISE[:, :, 0].copy(), pixel_format=PixelFormat.NV12))


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        FrozenFeedDetector(most_repeats=-1)
