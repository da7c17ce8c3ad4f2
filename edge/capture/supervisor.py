"""A camera feed for the gate: runs the capture child, watches over it, and starts it again when it hangs or dies."""

import datetime as dt
import os
import time
from enum import Enum, StrEnum, auto
from types import TracebackType
from typing import Self

from edge.capture.backoff import Backoff
from edge.capture.capture_process import CaptureProcess
from edge.capture.link import Report, ReportKind, Request
from edge.capture.slot import SlotError, SlotFrame
from edge.capture.source import Source
from edge.capture.source_clock import SourceClock, StillsClock
from edge.capture.trust.guard import CameraGuard
from edge.domain.clock import Clock
from edge.domain.errors import CameraError, UsageError
from edge.domain.frame import Frame

_STALL_LIVE_MS = 2_000
_STALL_RECORDING_MS = 15_000
_OPEN_WITHIN_MS = 15_000
_STEADY_NS = 5_000_000_000
_CLOSE_GRACE_MS = 3_000
_GUARD_NS = 250_000_000  # how often a running camera is held to its pin: a few reads of sysfs
_NS_PER_MS = 1_000_000


class Pace(StrEnum):
    """How fast frames come."""

    REALTIME = "realtime"
    """As they happen; the newest wins."""
    FAST = "fast"
    """In lock-step: every frame, as soon as the last was worked off, on the recording's own clock."""


class Nothing(Enum):
    """Why there is no frame."""

    NOT_YET = auto()
    ENDED = auto()


class CameraFeed:
    """Frames of one source, as a context manager, for one thread.

    A fault is raised by ``next_frame``, and the feed may be asked again after every one: a live source is tried again
    with growing delays until it is back, a folder goes on behind the bad picture, and a recording that failed has
    ended. Stills always come in lock-step, whatever the pace, so that none is passed over.
    """

    def __init__(
        self,
        source: Source,
        *,
        pace: Pace = Pace.REALTIME,
        clock: Clock,
        stall_after_ms: int | None = None,
        backoff: Backoff | None = None,
        guard: CameraGuard | None = None,
    ) -> None:
        """Keep what to read; the child starts on entering.

        Args:
            source: what to read.
            pace: see ``Pace``.
            clock: the gate's clock; it must run.
            stall_after_ms: kill a child that is silent for so long; by default 2 s for live sources, 15 s for others.
            backoff: delays between starts of a live source.
            guard: says whether the camera is the one it must be: before and after each start, and while it runs.

        Raises:
            UsageError: a camera cannot be read in lock-step.
        """
        if pace is Pace.FAST and source.is_device:
            raise UsageError("a real camera cannot be read faster than it sees", hint="use --pace realtime")
        self._source = source
        self._pace = pace
        self._base_clock = clock
        self._stills_clock = StillsClock(clock) if source.is_stills else None
        self._source_clock = SourceClock(clock) if pace is Pace.FAST and not source.is_stills else None
        self._stall_ns = (stall_after_ms or (_STALL_LIVE_MS if source.is_live else _STALL_RECORDING_MS)) * _NS_PER_MS
        self._backoff = backoff or Backoff()
        self._guard = guard
        self._guarded_ns = 0
        self._process: CaptureProcess | None = None
        self._is_over = False
        self._is_open = self._has_given = False
        self._next_seq = 1
        self._sign_ns = self._started_ns = self._retry_ns = 0
        self._still_name = ""
        self._starts = 0
        self._fault: CameraError | None = None

    @property
    def source(self) -> Source:
        """What is read."""
        return self._source

    @property
    def is_lock_step(self) -> bool:
        """Whether every frame waits until the last one was worked off; else the newest wins."""
        return self._pace is Pace.FAST or self._source.is_stills

    @property
    def clock(self) -> Clock:
        """The clock of the frames' times: in pace ``fast`` and for stills the source's own, else the gate's."""
        return self._stills_clock or self._source_clock or self._base_clock

    @property
    def since_still_ms(self) -> float | None:
        """How long ago the last picture was taken, by the machine's clock; None for video, whose clock runs."""
        return None if self._stills_clock is None else self._stills_clock.since_taken_ms

    @property
    def still_name(self) -> str:
        """File name of the picture that the last frame shows; empty for video."""
        return self._still_name

    @property
    def restarts(self) -> int:
        """How often the child was started again."""
        return max(0, self._starts - 1)

    @property
    def fault(self) -> CameraError | None:
        """What keeps the camera from giving frames; None since the last frame."""
        return self._fault

    @property
    def child_pid(self) -> int | None:
        """Process id of the running child."""
        return None if self._process is None else self._process.pid

    def next_frame(self, timeout_ms: int) -> Frame | Nothing:
        """Return the next frame, waiting for it up to ``timeout_ms``.

        Its pixels are a view into the capture buffer, valid until the next call.

        Raises:
            PictureError: one still is bad, by name; ask again for the next.
            CameraError: the camera cannot be opened, is gone, silent, or gives nothing usable; ask again.
        """
        now = self._base_clock.monotonic_ns()
        deadline = now + timeout_ms * _NS_PER_MS
        if self.is_lock_step and self._has_given:
            self._sign_ns = now  # the child waited for us: however long that was, it was not silent
        self._has_given = False
        while True:
            if self._is_over:
                return Nothing.ENDED
            now = self._base_clock.monotonic_ns()
            if self._process is None:
                self._try_again(deadline, now)
            elif (got := self._look(self._process, deadline, now)) is not None:
                return got
            if self._base_clock.monotonic_ns() >= deadline:
                return Nothing.NOT_YET

    def close(self) -> None:
        """Stop the child; the feed gives nothing more. Frames that are kept stay readable."""
        self._is_over = True
        process, self._process = self._process, None
        if process is not None:
            process.stop(_CLOSE_GRACE_MS)

    def __enter__(self) -> Self:
        if self._guard is None:
            self._start(self._base_clock.monotonic_ns())
        return self  # a guarded one starts when it is first asked, where its absence is a fault like any other

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, now: int) -> None:
        request = Request(
            source=self._source,
            is_lock_step=self.is_lock_step,
            is_paced=not self.is_lock_step,
            first_seq=self._next_seq,
            parent_pid=os.getpid(),
        )
        self._hold_to_pin(is_running=False)
        self._starts += 1
        self._is_open = False
        self._sign_ns = self._started_ns = now
        try:
            self._process = CaptureProcess(request)
        except CameraError as error:
            raise self._failed(error) from error

    def _try_again(self, deadline: int, now: int) -> None:
        """Start the child when its delay is over, or wait for that."""
        if now >= self._retry_ns:
            self._start(now)
        elif deadline > now:
            time.sleep((min(deadline, self._retry_ns) - now) / 1e9)

    def _look(self, process: CaptureProcess, deadline: int, now: int) -> Frame | Nothing | None:
        """Wait once for the child and deal with what it says; None = nothing to return yet."""
        if self._guard is not None and now - self._guarded_ns >= _GUARD_NS:
            self._hold_to_pin(is_running=True)
        stall_ns = self._stall_ns if self._is_open else max(self._stall_ns, _OPEN_WITHIN_MS * _NS_PER_MS)
        until = min(deadline, self._sign_ns + stall_ns)
        if process.wait(-(-(until - now) // _NS_PER_MS)):
            self._sign_ns = self._base_clock.monotonic_ns()
        report = process.next_report()
        if report is not None:
            return self._heard(process, report)
        frame = self._taken(process)
        if frame is not None:
            return frame
        if process.is_gone:
            how = self._kill()
            raise self._failed(CameraError(f"the capture process of {self._name} died ({how})", hint=self._again))
        if self._base_clock.monotonic_ns() - self._sign_ns >= stall_ns:
            self._kill()
            text = f"{self._name} gave no frame for {stall_ns // _NS_PER_MS} ms"
            raise self._failed(CameraError(text, hint=self._again))
        return None

    def _heard(self, process: CaptureProcess, report: Report) -> Frame | Nothing | None:
        match report.kind:
            case ReportKind.OPENED:
                self._is_open = True
                self._hold_to_pin(is_running=True)
                return None
            case ReportKind.PICTURE_FAILED if self._source.is_stills:
                self._still_name = report.picture
                raise report.error
            case ReportKind.FAILED | ReportKind.PICTURE_FAILED:
                self._kill()
                raise self._failed(report.error)
            case ReportKind.ENDED:
                frame = self._taken(process)
                self.close()
                return frame or Nothing.ENDED

    def _taken(self, process: CaptureProcess) -> Frame | None:
        try:
            slot_frame = process.take()
        except SlotError as error:
            self._kill()
            raise self._failed(CameraError(f"{self._name}: {error}", hint=self._again)) from error
        if slot_frame is None:
            return None
        self._fault = None
        self._has_given = True
        self._next_seq = slot_frame.seq + 1
        self._still_name = slot_frame.name
        now = self._base_clock.monotonic_ns()
        self._sign_ns = now
        if now - self._started_ns >= _STEADY_NS:
            self._backoff.reset()
        return self._stamped(slot_frame, now)

    def _stamped(self, taken: SlotFrame, now: int) -> Frame:
        if self._stills_clock is not None:
            self._stills_clock.advance()
            captured_ns, utc = self._stills_clock.monotonic_ns(), self._stills_clock.utc()
        elif self._source_clock is not None:
            self._source_clock.advance_to(taken.source_time_ns or 0)
            captured_ns, utc = self._source_clock.monotonic_ns(), self._source_clock.utc()
        else:
            captured_ns = min(taken.captured_ns, now)
            utc = self._base_clock.utc() - dt.timedelta(microseconds=(now - captured_ns) // 1000)
        return Frame(
            camera_id=self._source.camera_id,
            seq=taken.seq,
            captured_ns=captured_ns,
            captured_utc=utc,
            pixels=taken.pixels,
            pixel_format=taken.pixel_format,
        )

    def _hold_to_pin(self, *, is_running: bool) -> None:
        """Kill the child and raise if the camera is not the one it must be."""
        if self._guard is None:
            return
        self._guarded_ns = self._base_clock.monotonic_ns()
        try:
            self._guard.check(is_running=is_running)
        except CameraError as error:
            self._kill()
            raise self._failed(error) from error

    def _failed(self, error: CameraError) -> CameraError:
        """Note a fault: a live source will be tried again, anything else is over."""
        self._fault = error
        if self._source.is_live and self._pace is Pace.REALTIME:
            self._retry_ns = self._base_clock.monotonic_ns() + self._backoff.next_ms() * _NS_PER_MS
        else:
            self._is_over = True
        return error

    def _kill(self) -> str:
        process, self._process = self._process, None
        return "" if process is None else process.kill()

    @property
    def _name(self) -> str:
        return self._source.redacted

    @property
    def _again(self) -> str:
        if self._source.is_live:
            return "check the camera and its cable; it is tried again by itself"
        return "try another copy of the file"
