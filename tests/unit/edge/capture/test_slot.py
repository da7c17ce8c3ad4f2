import fcntl
import mmap
import os
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.camera import RawFrame
from edge.capture.limits import MOST_FRAME_BYTES
from edge.capture.slot import SlotError, SlotReader, SlotWriter, create_slot
from edge.domain.frame import PixelFormat


def picture(level: int, width: int = 8, height: int = 6) -> RawFrame:
    return RawFrame(pixels=np.full((height, width, 3), level, np.uint8))


class Slot:
    def __init__(self) -> None:
        self.fd = create_slot()
        self.writer, self.reader = SlotWriter(self.fd), SlotReader(self.fd)

    def close(self) -> None:
        self.writer.close()
        self.reader.close()
        os.close(self.fd)


@pytest.fixture
def slot() -> Iterator[Slot]:
    made = Slot()
    yield made
    made.close()


def test_a_frame_comes_once_with_all_that_was_said_of_it(slot: Slot) -> None:
    assert slot.reader.take() is None
    raw = RawFrame(pixels=np.full((6, 8, 3), 9, np.uint8), source_time_ns=40, name="ä.png")
    slot.writer.write(raw, captured_ns=123)
    taken = slot.reader.take()
    assert taken is not None
    assert (taken.seq, taken.captured_ns, taken.source_time_ns, taken.name) == (1, 123, 40, "ä.png")
    assert np.array_equal(taken.pixels, raw.pixels)
    assert slot.reader.take() is None


def test_the_newest_wins(slot: Slot) -> None:
    for level in range(5):
        slot.writer.write(picture(level), captured_ns=level)
    taken = slot.reader.take()
    assert taken is not None
    assert (taken.seq, int(taken.pixels[0, 0, 0])) == (5, 4)


def test_a_held_frame_is_never_overwritten(slot: Slot) -> None:
    slot.writer.write(picture(77), captured_ns=0)
    held = slot.reader.take()
    assert held is not None
    for level in range(20):
        slot.writer.write(picture(level), captured_ns=0)
    assert np.unique(held.pixels).tolist() == [77]


def test_the_reader_cannot_write(slot: Slot) -> None:
    slot.writer.write(picture(1), captured_ns=0)
    taken = slot.reader.take()
    assert taken is not None
    assert not taken.pixels.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        taken.pixels.setflags(write=True)


def test_views_are_reused_for_frames_of_one_size(slot: Slot) -> None:
    seen = []
    for _ in range(12):
        slot.writer.write(picture(1), captured_ns=0)
        taken = slot.reader.take()
        assert taken is not None
        seen.append(taken.pixels)
    assert len({id(view) for view in seen}) <= 3


def test_nv12_padded_rows_and_changing_sizes(slot: Slot) -> None:
    nv12 = np.arange(9 * 8, dtype=np.uint8).reshape(9, 8)
    padded = np.arange(6 * 10 * 3, dtype=np.uint8).reshape(6, 10, 3)[:, :8]
    for pixels, kind in ((nv12, PixelFormat.NV12), (padded, PixelFormat.BGR), (padded[:2, :3], PixelFormat.BGR)) * 3:
        slot.writer.write(RawFrame(pixels=pixels, pixel_format=kind), captured_ns=0)
        taken = slot.reader.take()
        assert taken is not None
        assert taken.pixel_format is kind
        assert np.array_equal(taken.pixels, pixels)


def test_the_largest_frame_fits_and_a_larger_one_is_a_bug_of_the_camera(slot: Slot) -> None:
    slot.writer.write(RawFrame(pixels=np.zeros((2160, 3840, 3), np.uint8)), captured_ns=0)
    assert slot.reader.take() is not None
    with pytest.raises(ValueError, match="does not fit"):
        slot.writer.write(RawFrame(pixels=np.zeros((1, MOST_FRAME_BYTES // 3 + 1, 3), np.uint8)), captured_ns=0)


def test_a_frame_outlives_the_slot() -> None:
    slot = Slot()
    slot.writer.write(picture(5), captured_ns=0)
    taken = slot.reader.take()
    slot.close()
    assert taken is not None
    assert np.unique(taken.pixels).tolist() == [5]


def test_the_memory_cannot_be_shrunk_under_the_reader(slot: Slot) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(slot.fd, 10)


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, 7), (4096 + 24, 0), (4096 + 24, 2**31), (4096 + 32, 9), (4096 + 36, 10_000)],
    ids=["buffer", "no width", "huge width", "format", "name"],
)
def test_a_hostile_writer_is_a_fault_and_no_crash(slot: Slot, place: int, value: int) -> None:
    slot.writer.write(picture(1), captured_ns=0)
    with mmap.mmap(slot.fd, 2 * 4096) as memory:
        memory[place : place + 4] = value.to_bytes(4, "little")
    with pytest.raises(SlotError):
        slot.reader.take()


def test_a_buffer_that_the_writer_is_in_is_not_read(slot: Slot) -> None:
    """The name of a frame is stale: the writer holds that buffer again."""
    slot.writer.write(picture(1), captured_ns=0)
    fcntl.fcntl(slot.writer._fd, fcntl.F_OFD_SETLK, _whole_file_lock())
    assert slot.reader.take() is None


def test_a_buffer_whose_frame_is_not_the_one_named_is_not_taken_for_it(slot: Slot) -> None:
    for level in range(2):
        slot.writer.write(picture(level), captured_ns=0)
    with mmap.mmap(slot.fd, 4096) as memory:
        memory[:8] = (9 * 4 + 0).to_bytes(8, "little")  # frame 9 in the buffer of frame 1
    assert slot.reader.take() is None


def _whole_file_lock() -> bytes:
    from edge.capture.slot import _Lock

    return _Lock.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


@given(st.lists(st.booleans(), max_size=60))
def test_any_order_of_writes_and_takes(steps: list[bool]) -> None:
    slot = Slot()
    written = last = 0
    held = None
    try:
        for is_write in steps:
            if is_write:
                written = slot.writer.write(picture((written + 1) % 256), captured_ns=0)
            else:
                taken = slot.reader.take()
                assert (taken is None) == (written == last)
                if taken is not None:
                    assert taken.seq == written
                    held, last = taken, written
            if held is not None:
                assert np.unique(held.pixels).tolist() == [held.seq % 256]
    finally:
        slot.close()
