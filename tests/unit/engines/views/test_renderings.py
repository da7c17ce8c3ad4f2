"""Which rendering an engine gets follows from where its input lies; what was made on a device is freed with it."""

from pathlib import Path

import numpy as np
import pytest

from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.gpu.device import opened_device
from engines.gpu.owner import close_gpu, gpu_owner
from engines.gpu.thread import OwnerThread
from engines.render.cuda.device import RenderDevice
from engines.render.spec import PLAIN, CropGeometry
from engines.runtime.metered import Meter, MeteredDeviceEngine, MeteredEngine, metered
from engines.views.device import DeviceViews
from engines.views.host import HostViews
from engines.views.on_device import device_engine
from engines.views.renderings import Renderings, process_device
from tests.support.host_cuda import FATBIN, begun_host_cuda, needs_host_cuda
from tests.support.toy_device_engine import ToyDeviceEngine, ToyEngine

SPEC = find_spec("sface-2021dec")


def test_an_engine_of_the_host_gets_the_hosts_rendering_and_no_device_is_asked_for(tmp_path: Path) -> None:
    def never() -> RenderDevice:
        raise AssertionError("no device is needed")

    renderings = Renderings(ModelStore(tmp_path), never)
    views = renderings.of(SPEC, [ToyEngine(1), ToyEngine(4)])
    assert [type(one) for one in views] == [HostViews, HostViews]
    assert [one.batch for one in views] == [1, 4]
    renderings.close()


@needs_host_cuda
def test_engines_on_a_device_share_one_and_it_is_freed(tmp_path: Path) -> None:
    cuda = begun_host_cuda(is_integrated=False)
    owner = OwnerThread(opened_device)
    asked: list[RenderDevice] = []

    def device() -> RenderDevice:
        asked.append(RenderDevice(owner, FATBIN))
        return asked[-1]

    renderings = Renderings(ModelStore(tmp_path), device)
    engines = [ToyDeviceEngine(batch, owner) for batch in (1, 4)]
    for engine in engines:
        engine.activate()
    views = renderings.of(SPEC, engines)
    assert [type(one) for one in views] == [DeviceViews, DeviceViews]
    assert len(asked) == 1
    assert type(renderings.of(SPEC, [MeteredEngine(engines[0], Meter())])[0]) is HostViews
    renderings.close()
    renderings.close()
    for engine in engines:
        engine.deactivate()
    owner.close()
    renderings.close()
    assert cuda.left == 0


def test_no_class_but_one_with_every_part_of_the_role_is_on_a_device() -> None:
    assert device_engine(ToyEngine(1)) is None


@needs_host_cuda
def test_a_meter_stands_where_the_engine_is() -> None:
    begun_host_cuda(is_integrated=True)
    owner = OwnerThread(opened_device)
    engine, meter = ToyDeviceEngine(2, owner), Meter()
    timed = metered(engine, meter)
    assert isinstance(timed, MeteredDeviceEngine)
    assert not isinstance(metered(ToyEngine(1), meter), MeteredDeviceEngine)
    on_device = device_engine(timed)
    assert on_device is not None
    device = RenderDevice(owner, FATBIN)
    with timed:
        spec = find_spec("sface-2021dec").input
        toy_spec = type(spec)(24, spec.order, spec.mean, spec.scale)
        views = DeviceViews(on_device, device, toy_spec, output="y", batch=2)
        views.show(0, np.full((40, 40, 3), 90, np.uint8), CropGeometry(np.eye(2, 3), 1), (PLAIN, PLAIN))
        assert views.answer(2).rows.shape == (2, 6)
        assert meter.take_ns() > 0
        views.close()
    device.close()
    owner.close()


@needs_host_cuda
def test_a_process_has_one_device_until_it_is_closed() -> None:
    cuda = begun_host_cuda(is_integrated=True)
    first = gpu_owner()
    assert gpu_owner() is first
    close_gpu()
    close_gpu()
    assert cuda.left == 0
    assert gpu_owner() is not first
    close_gpu()


@needs_host_cuda
def test_a_device_without_kernels_is_told_what_to_run(tmp_path: Path) -> None:
    begun_host_cuda(is_integrated=True)
    try:
        with pytest.raises(Exception, match="no compiled kernels for sm_87") as caught:
            process_device(ModelStore(tmp_path))
        assert "build --kernels" in str(getattr(caught.value, "hint", ""))
    finally:
        close_gpu()
