"""The owner's thread: one order for work of many threads, and an end that leaves nobody waiting."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import cast

import pytest

from engines.errors import DeviceError, DeviceLostError
from engines.gpu.base import Gpu
from engines.gpu.thread import MOST_WAITING, OwnedGpu, OwnerThread


class Nothing:
    """A device that can be lost and does nothing else."""

    def __init__(self) -> None:
        self.lost: DeviceLostError | None = None
        self.threads: set[int] = set()
        self.is_closed = False


@contextmanager
def opened(device: Nothing) -> Iterator[OwnedGpu]:
    device.threads.add(threading.get_ident())
    yield cast("OwnedGpu", device)
    device.threads.add(threading.get_ident())
    device.is_closed = True


@pytest.fixture
def device() -> Nothing:
    return Nothing()


@pytest.fixture
def owner(device: Nothing) -> Iterator[OwnerThread]:
    owner = OwnerThread(lambda: opened(device))
    yield owner
    owner.close()


def test_work_of_many_threads_runs_in_one(owner: OwnerThread, device: Nothing) -> None:
    ran: list[int] = []

    def work(number: int) -> int:
        def note(_: Gpu) -> int:
            device.threads.add(threading.get_ident())
            ran.append(number)
            return number * number

        return owner.do(note)

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(work, range(200))) == [n * n for n in range(200)]
    owner.close()
    assert sorted(ran) == list(range(200))
    assert len(device.threads) == 1
    assert threading.get_ident() not in device.threads


def test_what_the_work_raises_comes_through_and_ends_nothing(owner: OwnerThread) -> None:
    def fail(_: Gpu) -> None:
        raise KeyError("own")

    for _ in range(2):
        with pytest.raises(KeyError, match="own"):
            owner.do(fail)
    assert owner.do(lambda _: 7) == 7


def test_work_within_work_runs_at_once(owner: OwnerThread) -> None:
    assert owner.do(lambda _: owner.do(lambda _: owner.do(lambda _: 3))) == 3


def test_a_lost_device_refuses_everything_after(owner: OwnerThread, device: Nothing) -> None:
    device.lost = DeviceLostError("it burned", hint="end the process")
    for _ in range(2):
        with pytest.raises(DeviceLostError, match="it burned") as caught:
            owner.do(lambda _: 1)
        assert caught.value.hint == "end the process"


def test_closing_twice_and_using_it_after(device: Nothing) -> None:
    owner = OwnerThread(lambda: opened(device))
    owner.close()
    owner.close()
    assert owner.is_closed
    assert device.is_closed
    with pytest.raises(DeviceError, match="closed") as caught:
        owner.do(lambda _: 1)
    assert caught.value.hint


def test_closing_refuses_who_waits_and_lets_who_runs_finish(device: Nothing) -> None:
    owner = OwnerThread(lambda: opened(device))
    is_running, may_end = threading.Event(), threading.Event()

    def slow(_: Gpu) -> str:
        is_running.set()
        may_end.wait(10)
        return "done"

    with ThreadPoolExecutor(MOST_WAITING + 8) as pool:
        running = pool.submit(owner.do, slow)
        assert is_running.wait(10)
        waiting = [pool.submit(owner.do, lambda _: "never") for _ in range(MOST_WAITING + 4)]
        until = time.monotonic() + 10
        while len(owner._waiting) < MOST_WAITING and time.monotonic() < until:
            time.sleep(0.005)
        assert len(owner._waiting) == MOST_WAITING
        closing = pool.submit(owner.close)
        while not owner.is_closed:
            time.sleep(0.005)
        may_end.set()
        assert running.result(10) == "done"
        closing.result(10)
        for one in waiting:
            with pytest.raises(DeviceError, match="closed"):
                one.result(10)


def test_a_thread_that_hangs_is_not_waited_for_longer_than_a_while(
    device: Nothing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.gpu.thread.LONGEST_END_S", 0.05)
    owner = OwnerThread(lambda: opened(device))
    is_running, may_end = threading.Event(), threading.Event()

    def hang(_: Gpu) -> None:
        is_running.set()
        may_end.wait(10)

    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(owner.do, hang)
        assert is_running.wait(10)
        owner.close()
        assert not device.is_closed
        with pytest.raises(DeviceError, match="closed"):
            owner.do(lambda _: 1)
        may_end.set()
        hanging.result(10)


def test_it_is_not_closed_by_its_own_work(owner: OwnerThread) -> None:
    with pytest.raises(RuntimeError, match="outside"):
        owner.do(lambda _: owner.close())
    assert owner.do(lambda _: 1) == 1


def test_what_opening_raises_comes_through() -> None:
    def broken() -> AbstractContextManager[OwnedGpu]:
        raise DeviceError("no device", hint="buy one")

    with pytest.raises(DeviceError, match="no device"):
        OwnerThread(broken)
