"""The thread that owns a device: work is handed over to it, and whoever hands over waits for what becomes of it."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from engines.errors import DeviceError, DeviceLostError
from engines.gpu.base import Gpu

Result = TypeVar("Result")
Work = Callable[[Gpu], Any]

MOST_WAITING = 16
"""Work that may wait; whoever brings more waits until there is room."""
LONGEST_END_S = 10.0
"""How long closing waits for work that does not end."""


class OwnedGpu(Gpu, Protocol):
    """A device that knows whether it is lost."""

    @property
    def lost(self) -> DeviceLostError | None:
        """Why nothing runs on it any more; None while all is well."""


class OwnerThread:
    """Owns a device from its opening to its end; see :class:`engines.gpu.base.GpuOwner`.

    Args:
        opened: opens the device, and gives it back; both in the thread itself.

    Raises:
        EngineError: whatever ``opened`` raises.
    """

    def __init__(self, opened: Callable[[], AbstractContextManager[OwnedGpu]]) -> None:
        self._opened = opened
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Work, Future[Any]]] = deque()
        self._gpu: OwnedGpu | None = None
        self._is_closing = False
        is_open: Future[None] = Future()
        # A daemon: it may hang in the driver, and that must not keep the process from ending.
        self._thread = threading.Thread(target=self._live, args=(is_open,), name="gpu", daemon=True)
        self._thread.start()
        is_open.result()

    @property
    def is_closed(self) -> bool:
        """Whether it takes no work any more."""
        return self._is_closing

    def do(self, work: Callable[[Gpu], Result]) -> Result:
        """Run ``work`` in the thread, after what was handed over before; called from the thread itself, at once.

        Raises:
            DeviceLostError: the device is lost; so is this process as far as the device goes.
            DeviceError: the device was closed. Whatever ``work`` raises comes through as it is.
        """
        if threading.current_thread() is self._thread:
            return self._worked(work)
        future: Future[Result] = Future()
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or len(self._waiting) < MOST_WAITING)
            if self._is_closing:
                raise _closed()
            self._waiting.append((work, future))
            self._changed.notify_all()
        return future.result()

    def close(self) -> None:
        """Refuse what still waits, give the device back and end the thread; does nothing the second time.

        A thread that hangs in the driver is left to the end of the process after ``LONGEST_END_S``.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a device is closed from outside of its own thread")
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(LONGEST_END_S)

    def _live(self, is_open: "Future[None]") -> None:
        try:
            with self._opened() as gpu:
                self._gpu = gpu
                is_open.set_result(None)
                while task := self._next():
                    self._carry_out(*task)
                    del task  # what it holds must not outlive the device
                self._gpu = None
        except BaseException as error:
            if is_open.done():
                raise
            is_open.set_exception(error)  # whoever opens it is told, whatever it is
        finally:
            self._refuse_all()

    def _next(self) -> tuple[Work, "Future[Any]"] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or bool(self._waiting))
            if self._is_closing:
                return None
            task = self._waiting.popleft()
            self._changed.notify_all()
            return task

    def _carry_out(self, work: Work, future: "Future[Any]") -> None:
        try:
            result = self._worked(work)
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever handed the work over
            future.set_exception(error)
        else:
            future.set_result(result)

    def _worked(self, work: Callable[[Gpu], Result]) -> Result:
        gpu = self._gpu
        if gpu is None:
            raise _closed()
        if gpu.lost is not None:
            raise DeviceLostError(str(gpu.lost), hint=gpu.lost.hint)
        return work(gpu)

    def _refuse_all(self) -> None:
        with self._changed:
            self._is_closing = True
            refused, self._waiting = self._waiting, deque()
            self._changed.notify_all()
        for _, future in refused:
            future.set_exception(_closed())


def _closed() -> DeviceError:
    return DeviceError("the device was closed", hint="restart the gate")
