"""The newest frame of a camera, in memory that two processes share.

Three buffers in a memfd, which vanishes by itself when both processes are gone, however they end. The writer never
waits: it fills a buffer that is neither the newest nor held by the reader, then names it the newest. The reader gets
a view of the newest buffer without a copy and holds it until it takes the next.

A buffer is reserved by an open-file-description lock on its bytes (fcntl(2), F_OFD_SETLK): the kernel grants the
writer an exclusive and the reader a shared one, orders memory between them on every processor, and drops the locks of
a process that is killed. A reader that holds the lock compares the buffer's sequence number with the one that was
named; so it can neither see a frame half written nor have one overwritten under it. The reader's mapping is
read-only, and the memory's size is sealed.
"""

import fcntl
import mmap
import os
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.capture.camera import RawFrame
from edge.capture.limits import MOST_FRAME_BYTES
from edge.domain.frame import PixelFormat

_BUFFERS = 3
_PAGE = 4096
_STRIDE = _PAGE + (MOST_FRAME_BYTES + _PAGE - 1) // _PAGE * _PAGE
_SLOT_BYTES = _PAGE + _BUFFERS * _STRIDE

_NEWEST = struct.Struct("<Q")  # seq * 4 + buffer, at byte 0; 0 = nothing yet
_HEADER = struct.Struct("<QqqIIII")  # seq, capture time, source time, width, height, format, length of the name
_MOST_NAME_BYTES = 255
_NO_TIME = -1
_FORMATS = (PixelFormat.BGR, PixelFormat.NV12)
_MOST_TRIES = 64

_Lock = struct.Struct("@hhqqi4x")  # struct flock of 64-bit Linux: type, whence, start, length, pid


class SlotError(Exception):
    """What the writer left in the slot cannot be a frame: it is broken or hostile."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlotFrame:
    """A frame in the slot.

    Attributes:
        seq: counts up by one per written frame.
        captured_ns: CLOCK_MONOTONIC of capture.
        source_time_ns: time within a recording; None for a device.
        pixels: read-only view into the slot, valid until the next ``take``.
        pixel_format: layout of ``pixels``.
        name: file name of a still; empty otherwise.
    """

    seq: int
    captured_ns: int
    source_time_ns: int | None
    pixels: NDArray[np.uint8]
    pixel_format: PixelFormat
    name: str


def create_slot() -> int:
    """Return a file descriptor of new, empty, sealed slot memory; the caller closes it."""
    fd = os.memfd_create("edge-gate-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, _SLOT_BYTES)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd


class SlotWriter:
    """The camera's side. One thread."""

    def __init__(self, fd: int, *, first_seq: int = 1) -> None:
        """Open the slot behind ``fd`` anew, which stays the caller's; frames are numbered from ``first_seq``."""
        self._fd = os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_CLOEXEC)
        self._memory = mmap.mmap(self._fd, _SLOT_BYTES)
        self._bytes: NDArray[np.uint8] = np.frombuffer(self._memory, np.uint8)
        self._seq = first_seq
        self._newest = -1

    def write(self, frame: RawFrame, *, captured_ns: int) -> int:
        """Copy a frame in, make it the newest and return its sequence number.

        Raises:
            ValueError: it does not fit; cameras shrink to ``limits.fit_size``.
        """
        if frame.pixels.size > MOST_FRAME_BYTES:
            raise ValueError(f"a frame of {frame.pixels.size} bytes does not fit the slot")
        buffer = self._reserve()
        try:
            start = _start(buffer)
            body = start + _PAGE
            target = self._bytes[body : body + frame.pixels.size].reshape(frame.pixels.shape)
            np.copyto(target, frame.pixels)
            self._write_header(start, frame, captured_ns)
        finally:
            _lock(self._fd, fcntl.F_UNLCK, buffer)
        seq, self._seq, self._newest = self._seq, self._seq + 1, buffer
        _NEWEST.pack_into(self._memory, 0, seq * 4 + buffer)
        return seq

    def close(self) -> None:
        """Let go of the memory."""
        os.close(self._fd)

    def _reserve(self) -> int:
        """Lock and return a buffer that is not the newest.

        The reader holds at most one of the two. It may move from one to the other between the two tries, by a name it
        read long ago, but only once: the only name left for it then is the newest.
        """
        for attempt in range(2 * _BUFFERS):
            buffer = attempt % _BUFFERS
            if buffer != self._newest and _lock(self._fd, fcntl.F_WRLCK, buffer):
                return buffer
        raise RuntimeError("the reader holds more than one buffer")

    def _write_header(self, start: int, frame: RawFrame, captured_ns: int) -> None:
        nv12 = frame.pixel_format is PixelFormat.NV12
        rows, width = frame.pixels.shape[:2]
        name = frame.name.encode("utf-8", "replace")[:_MOST_NAME_BYTES]
        source_ns = _NO_TIME if frame.source_time_ns is None else frame.source_time_ns
        fields = (width, rows * 2 // 3 if nv12 else rows, _FORMATS.index(frame.pixel_format), len(name))
        _HEADER.pack_into(self._memory, start, self._seq, captured_ns, source_ns, *fields)
        if name:
            self._memory[start + _HEADER.size : start + _HEADER.size + len(name)] = name


class SlotReader:
    """The gate's side. One thread."""

    def __init__(self, fd: int) -> None:
        """Open the slot behind ``fd`` anew, for reading only; ``fd`` stays the caller's."""
        self._fd = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
        self._memory = mmap.mmap(self._fd, _SLOT_BYTES, prot=mmap.PROT_READ)
        self._held = -1
        self._seq = 0
        self._views: dict[tuple[int, int, int, int], NDArray[np.uint8]] = {}

    def take(self) -> SlotFrame | None:
        """Return the newest frame if it was not taken before. The view of the last one ends when it is replaced.

        Raises:
            SlotError: the writer left something that cannot be a frame.
        """
        for _ in range(_MOST_TRIES):
            (named,) = _NEWEST.unpack_from(self._memory, 0)
            seq, buffer = divmod(named, 4)
            if seq <= self._seq:
                return None
            if buffer >= _BUFFERS:
                raise SlotError(f"buffer {buffer} does not exist")
            self._release()
            if not _lock(self._fd, fcntl.F_RDLCK, buffer):
                continue  # the writer is in it again, so a newer frame has been named
            self._held = buffer
            frame = self._frame(_start(buffer))
            if frame is not None and frame.seq == seq:
                self._seq = seq
                return frame
        return None

    def close(self) -> None:
        """Let the writer have the buffer; views stay readable for as long as they are kept."""
        self._views.clear()
        os.close(self._fd)

    def _release(self) -> None:
        if self._held >= 0:
            _lock(self._fd, fcntl.F_UNLCK, self._held)
            self._held = -1

    def _frame(self, start: int) -> SlotFrame | None:
        seq, captured, source, width, height, code, name_length = _HEADER.unpack_from(self._memory, start)
        size = width * height * 3 // (1 if code == 0 else 2)
        is_odd = code != 0 and (width % 2 or height % 2)
        if code >= len(_FORMATS) or is_odd or not 0 < size <= MOST_FRAME_BYTES or name_length > _MOST_NAME_BYTES:
            raise SlotError(f"a frame of {width} x {height} pixels, format {code}, cannot be")
        name = bytes(self._memory[start + _HEADER.size : start + _HEADER.size + name_length]) if name_length else b""
        return SlotFrame(
            seq=seq,
            captured_ns=captured,
            source_time_ns=None if source < 0 else source,
            pixels=self._view(start + _PAGE, width, height, code),
            pixel_format=_FORMATS[code],
            name=name.decode("utf-8", "replace"),
        )

    def _view(self, body: int, width: int, height: int, code: int) -> NDArray[np.uint8]:
        """Return the same view object for the same place and shape; a size that changes drops the old ones."""
        key = (body, width, height, code)
        view = self._views.get(key)
        if view is None:
            if len(self._views) >= _BUFFERS:
                self._views.clear()
            shape = (height, width, 3) if _FORMATS[code] is PixelFormat.BGR else (height * 3 // 2, width)
            count = shape[0] * width * (3 if code == 0 else 1)
            view = np.frombuffer(self._memory, np.uint8, count, body).reshape(shape)
            self._views[key] = view
        return view


def _start(buffer: int) -> int:
    return _PAGE + buffer * _STRIDE


def _flock(kind: int, buffer: int) -> bytes:
    return _Lock.pack(kind, os.SEEK_SET, _start(buffer), _STRIDE, 0)


_FLOCKS = {
    (kind, buffer): _flock(kind, buffer)
    for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK)
    for buffer in range(_BUFFERS)
}


def _lock(fd: int, kind: int, buffer: int) -> bool:
    """Change the lock on a buffer; False when the other side holds it."""
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCKS[kind, buffer])
    except BlockingIOError:
        return False
    return True
