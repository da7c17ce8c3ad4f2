"""PyCUDA's own object code over a driver on the host: memory, copies, kernels, and what a lost device does."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from engines.errors import DeviceError, DeviceLostError
from engines.gpu import driver as driving
from engines.gpu.base import Gpu, StagedArray
from engines.gpu.device import opened_device
from engines.gpu.driver import started_driver
from engines.gpu.thread import OwnerThread
from tests.support.host_cuda import FATBIN, ILLEGAL_ADDRESS, OUT_OF_MEMORY, HostCuda, begun_host_cuda, needs_host_cuda

pytestmark = needs_host_cuda
FLOAT = np.dtype(np.float32)


@pytest.fixture(params=[True, False], ids=["integrated", "discrete"])
def cuda(request: pytest.FixtureRequest) -> HostCuda:
    return begun_host_cuda(is_integrated=bool(request.param))


@pytest.fixture
def owner(cuda: HostCuda) -> Iterator[OwnerThread]:
    owner = OwnerThread(opened_device)
    yield owner
    owner.close()


def test_it_says_what_it_is(owner: OwnerThread) -> None:
    facts = owner.do(lambda gpu: gpu.facts)
    assert (facts.name, facts.capability, facts.multiprocessors) == ("CUDA on the host", (8, 7), 8)
    assert facts.driver_version == 13000
    assert owner.do(lambda gpu: gpu.stream_handle) != 0


def test_staged_arrays_are_zeroed_and_seen_by_both_sides(owner: OwnerThread, cuda: HostCuda) -> None:
    def round_trip(gpu: Gpu) -> tuple[float, np.ndarray]:
        array = gpu.stage((3, 4), FLOAT)
        begun = float(array.host.sum())
        array.host[:] = np.arange(12, dtype=np.float32).reshape(3, 4)
        gpu.upload(array)
        gpu.wait()
        if not gpu.facts.is_integrated:
            array.host[:] = -1
        gpu.download(array)
        gpu.wait()
        return begun, array.host.copy()

    begun, found = owner.do(round_trip)
    assert begun == 0
    np.testing.assert_array_equal(found, np.arange(12).reshape(3, 4))
    is_integrated = owner.do(lambda gpu: gpu.facts.is_integrated)
    assert (cuda.uploads == 0) is is_integrated


def test_closing_frees_whatever_was_left(cuda: HostCuda) -> None:
    owner = OwnerThread(opened_device)

    def hold(gpu: Gpu) -> StagedArray:
        gpu.allocate(1000)
        gpu.load_kernels(FATBIN)["eg_render_fp32"]
        freed = gpu.allocate(1)
        freed.free()
        freed.free()
        return gpu.stage((2,), FLOAT)

    array = owner.do(hold)
    assert cuda.left > 3
    owner.close()
    assert cuda.left == 0
    with pytest.raises(DeviceError, match="after it was freed"):
        array.host  # noqa: B018 - reading is what is refused
    with pytest.raises(DeviceError, match="after it was freed"):
        array.address  # noqa: B018


def test_another_thread_must_not_use_it(owner: OwnerThread) -> None:
    gpu = owner.do(lambda gpu: gpu)
    for use in (lambda: gpu.allocate(1), gpu.wait, lambda: gpu.stage((1,), FLOAT)):
        with pytest.raises(RuntimeError, match="hand the work over"):
            use()


def test_want_of_memory_is_told_and_nothing_is_lost(owner: OwnerThread, cuda: HostCuda) -> None:
    is_integrated = owner.do(lambda gpu: gpu.facts.is_integrated)
    before = cuda.left
    for call, work in (
        ("cuMemAlloc", lambda gpu: gpu.allocate(1 << 20)),
        ("cuMemHostAlloc" if is_integrated else "cuMemAlloc", lambda gpu: gpu.stage((100,), FLOAT)),
    ):
        for _ in range(2):  # PyCUDA collects garbage and asks once more
            cuda.fail(call, OUT_OF_MEMORY)
        with pytest.raises(DeviceError, match="no memory left") as caught:
            owner.do(work)
        assert caught.value.hint
        assert not isinstance(caught.value, DeviceLostError)
        assert cuda.left == before
    assert owner.do(lambda gpu: gpu.allocate(8).nbytes) == 8


@pytest.mark.parametrize("call", ["cuEventSynchronize", "cuEventRecord"])
def test_a_failure_on_the_device_loses_it_for_good(cuda: HostCuda, call: str) -> None:
    owner = OwnerThread(opened_device)
    cuda.fail(call, ILLEGAL_ADDRESS)
    with pytest.raises(DeviceLostError, match="illegal memory access") as caught:
        owner.do(lambda gpu: gpu.wait())
    assert "start it again" in caught.value.hint
    for _ in range(2):
        with pytest.raises(DeviceLostError, match="illegal memory access"):
            owner.do(lambda gpu: gpu.facts)
    owner.close()
    owner.close()


def test_a_lost_device_is_noticed_even_if_the_work_swallows_it(owner: OwnerThread, cuda: HostCuda) -> None:
    def careless(gpu: Gpu) -> None:
        with pytest.raises(DeviceLostError):
            gpu.wait()

    cuda.fail("cuEventSynchronize", ILLEGAL_ADDRESS)
    owner.do(careless)
    with pytest.raises(DeviceLostError):
        owner.do(lambda gpu: gpu.facts)


def test_a_kernel_that_reads_what_is_nobodys_loses_the_device(owner: OwnerThread) -> None:
    def stray(gpu: Gpu) -> None:
        gpu.load_kernels(FATBIN)["eg_render_fp32"].launch((1, 1, 1), (32, 8, 1), (64, 64, 64, 64))
        gpu.wait()

    with pytest.raises(DeviceLostError, match="when it computed"):
        owner.do(stray)


def test_bytes_that_are_no_kernels_are_refused_and_nothing_is_lost(owner: OwnerThread) -> None:
    with pytest.raises(DeviceError, match="do not load") as caught:
        owner.do(lambda gpu: gpu.load_kernels(b"not a module at all"))
    assert "build --kernels" in caught.value.hint
    with pytest.raises(DeviceError, match="no kernel 'other'"):
        owner.do(lambda gpu: gpu.load_kernels(FATBIN)["other"])
    owner.do(lambda gpu: gpu.wait())


def test_the_driver_is_asked_again_while_it_comes_up(cuda: HostCuda) -> None:
    waits: list[float] = []
    for _ in range(2):
        cuda.fail("cuInit", 999)
    started_driver(sleep=waits.append)
    assert waits == [0.1, 0.2]


def test_a_driver_that_never_starts_is_told(cuda: HostCuda) -> None:
    for _ in range(3):
        cuda.fail("cuInit", 100)
    with pytest.raises(DeviceError, match="does not start") as caught:
        started_driver(waits_s=(0.0, 0.0), sleep=lambda _: None)
    assert caught.value.hint
    assert len(driving.INIT_WAITS_S) >= 9


def test_a_device_that_cannot_be_opened_is_told_to_who_opens_it(cuda: HostCuda) -> None:
    cuda.fail("cuDeviceGet", 101)
    with pytest.raises(DeviceError, match="cannot be used"):
        OwnerThread(opened_device)
    assert cuda.left == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "gpu"]
