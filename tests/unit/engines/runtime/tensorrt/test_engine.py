"""TensorRTEngine: whatever TensorRT or the device refuses ends closed, and the plan that is at fault is gone."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines.errors import (
    DeviceError,
    EngineError,
    InferenceError,
    IntegrityError,
    NotCompiledError,
    RuntimeMissingError,
)
from engines.gpu import owner as device
from engines.gpu.base import DeviceEngine, Gpu
from engines.progress import Silent
from engines.runtime.base import Precision
from engines.runtime.registry import available_precisions, available_runtimes
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.engine import TensorRTEngine, create_engine
from tests.support.host_gpu import DISCRETE, HostGpu
from tests.support.tensorrt_stage import TensorRTStage
from tests.support.toy_onnx import product, random_batch


@pytest.fixture
def engine(stage: TensorRTStage, wanted: EngineRequest) -> Iterator[TensorRTEngine]:
    stage.build_here()
    made = TensorRTEngine(wanted, stage.owner)
    made.compile(Silent())
    stage.trt.events.clear()
    yield made
    stage.trt.faults.clear()
    made.deactivate()


def plans(wanted: EngineRequest) -> int:
    assert wanted.cache_dir is not None
    return len(list(wanted.cache_dir.glob("*.plan")))


class _Dims(tuple[int, ...]):
    """What a fault gives as a shape."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("Runtime.deserialize_cuda_engine", None),
        ("ICudaEngine.get_tensor_dtype", "DataType.HALF"),
        ("ICudaEngine.get_tensor_format", "TensorFormat.HWC8"),
        ("ICudaEngine.get_tensor_location", "TensorLocation.HOST"),
        ("ICudaEngine.get_tensor_mode", "TensorIOMode.INPUT"),
        ("ICudaEngine.get_tensor_mode", "TensorIOMode.OUTPUT"),
        ("ICudaEngine.get_tensor_mode", "TensorIOMode.NONE"),
        ("ICudaEngine.num_io_tensors", 1),
        ("ICudaEngine.num_io_tensors", 0),
        ("ICudaEngine.num_optimization_profiles", 2),
        ("ICudaEngine.get_tensor_shape", _Dims((1, 3, 4, 4))),
        ("ICudaEngine.get_tensor_profile_shape", [_Dims((1, 3, 4, 4)), _Dims((2, 3, 4, 4)), _Dims((8, 3, 4, 4))]),
        ("IExecutionContext.get_tensor_shape", _Dims((2, -1))),
        ("IExecutionContext.get_tensor_shape", _Dims(())),
    ],
)
def test_a_plan_at_fault_is_refused_and_deleted(
    stage: TensorRTStage, engine: TensorRTEngine, wanted: EngineRequest, member: str, value: Any
) -> None:
    if isinstance(value, str):
        enumeration, _, name = value.partition(".")
        value = getattr(getattr(stage.trt, enumeration), name)
    stage.trt.faults[member] = value
    with pytest.raises(IntegrityError) as caught:
        engine.activate()
    assert "engines build" in caught.value.hint
    assert not plans(wanted)
    assert not stage.owner.gpu.live
    stage.trt.faults.clear()
    with pytest.raises(NotCompiledError):
        engine.activate()
    with pytest.raises(InferenceError, match="not active"):
        engine.infer(random_batch())


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("Runtime.__init__", TypeError("factory function returned nullptr")),
        ("ICudaEngine.create_execution_context", None),
        ("IExecutionContext.set_input_shape", False),
        ("IExecutionContext.infer_shapes", ["x"]),
        ("IExecutionContext.set_tensor_address", False),
    ],
)
def test_a_machine_that_refuses_keeps_its_plan_and_stays_closed(
    stage: TensorRTStage, engine: TensorRTEngine, wanted: EngineRequest, member: str, value: Any
) -> None:
    stage.trt.faults[member] = value
    with pytest.raises(EngineError) as caught:
        engine.activate()
    assert caught.value.hint
    assert plans(wanted) == 1
    assert not stage.owner.gpu.live
    with pytest.raises(InferenceError, match="not active"):
        engine.infer(random_batch())
    stage.trt.faults.clear()
    engine.activate()


def test_memory_that_is_not_there_frees_what_was_taken(
    stage: TensorRTStage, engine: TensorRTEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DeviceError("out of memory", hint="free memory")

    monkeypatch.setattr(stage.owner.gpu, "stage", refuse)
    with pytest.raises(DeviceError):
        engine.activate()
    assert not stage.owner.gpu.live
    assert stage.trt.events[-3:] == ["free context", "free engine", "free runtime"]


def test_an_enqueue_that_is_refused_is_an_inference_error(stage: TensorRTStage, engine: TensorRTEngine) -> None:
    def refuse(me: Any, handle: int) -> bool:
        me._engine_of._logger.log(stage.trt.ILogger.Severity.ERROR, "no kernel image")
        return False

    engine.activate()
    stage.trt.faults["IExecutionContext.execute_async_v3"] = refuse
    with pytest.raises(InferenceError, match="no kernel image") as caught:
        engine.infer(random_batch())
    assert caught.value.hint


def test_an_address_that_is_refused_later_is_an_inference_error(stage: TensorRTStage, engine: TensorRTEngine) -> None:
    engine.activate()
    stage.trt.faults["IExecutionContext.set_tensor_address"] = False
    with pytest.raises(InferenceError, match="memory of its input"):
        stage.owner.do(engine.enqueue)


def test_a_device_that_fails_is_lost_and_everything_ends_closed(
    stage: TensorRTStage, engine: TensorRTEngine, wanted: EngineRequest
) -> None:
    engine.activate()
    stage.owner.do(lambda _: stage.owner.gpu.enqueue("fault", _illegal))
    with pytest.raises(DeviceError):
        engine.infer(random_batch())
    with pytest.raises(DeviceError):
        engine.infer(random_batch())
    engine.deactivate()
    with pytest.raises(DeviceError):
        engine.activate()
    assert plans(wanted) == 1


def _illegal() -> None:
    raise RuntimeError("an illegal memory access was encountered")


def test_everything_is_freed_in_order_and_in_the_owners_thread(stage: TensorRTStage, engine: TensorRTEngine) -> None:
    gpu = stage.owner.gpu
    with engine:
        assert len(gpu.live) == 3
        gpu.events.clear()
        stage.trt.events.clear()
        order = _merged(stage)
    assert not gpu.live
    assert order == ["free context", "free engine", "free runtime", "free memory", "free staged", "free staged"]


def _merged(stage: TensorRTStage) -> list[str]:
    """Let both sides write their events into one list."""
    stage.owner.gpu.events = stage.trt.events
    return stage.trt.events


def test_a_batch_is_one_enqueue(stage: TensorRTStage, engine: TensorRTEngine) -> None:
    with engine:
        stage.owner.gpu.events.clear()
        engine.infer(random_batch())
        assert stage.owner.gpu.events == ["upload", "execute", "download"]


def test_an_integrated_device_copies_nothing(stage: TensorRTStage, wanted: EngineRequest) -> None:
    stage.build_here()
    stage.replace_device(replace(DISCRETE, is_integrated=True))
    engine = TensorRTEngine(wanted, stage.owner)
    engine.compile(Silent())
    with engine:
        np.testing.assert_allclose(engine.infer(random_batch())["y"], product(random_batch()), rtol=1e-5)
        assert stage.owner.gpu.events == ["execute"]


def write_input(engine: DeviceEngine, gpu: Gpu, seed: int) -> None:
    """What a kernel does."""
    assert isinstance(gpu, HostGpu)
    batch = random_batch(seed)
    address = engine.input_address
    gpu.enqueue("kernel", lambda: np.copyto(gpu.at(address, batch.nbytes), batch.view(np.uint8).reshape(-1)))


def test_what_a_kernel_writes_is_inferred_in_the_order_it_was_enqueued(
    stage: TensorRTStage, engine: TensorRTEngine
) -> None:
    on_device: DeviceEngine = engine

    def work(gpu: Gpu) -> np.ndarray[Any, Any]:
        write_input(on_device, gpu, 5)
        on_device.enqueue(gpu)
        return on_device.outputs(gpu)["y"].copy()

    with engine:
        assert on_device.input_dtype == np.float32
        stage.owner.gpu.events.clear()
        np.testing.assert_allclose(stage.owner.do(work), product(random_batch(5)), rtol=1e-4, atol=1e-5)
        assert stage.owner.gpu.events == ["kernel", "execute", "download"]
        host = engine.infer(random_batch(6))["y"].copy()
        np.testing.assert_allclose(host, product(random_batch(6)), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(stage.owner.do(work), product(random_batch(5)), rtol=1e-4, atol=1e-5)


def test_what_a_kernel_spoils_is_not_given(stage: TensorRTStage, engine: TensorRTEngine) -> None:
    def work(gpu: Gpu) -> object:
        assert isinstance(gpu, HostGpu)
        address = engine.input_address
        gpu.enqueue("kernel", lambda: gpu.at(address, 4).fill(0xFF))
        engine.enqueue(gpu)
        return engine.outputs(gpu)

    with engine, pytest.raises(InferenceError, match="not finite"):
        stage.owner.do(work)


def test_the_device_side_of_an_engine_that_is_not_active_refuses(
    stage: TensorRTStage, engine: TensorRTEngine
) -> None:
    with pytest.raises(InferenceError, match="not active"):
        stage.owner.do(engine.enqueue)
    with pytest.raises(InferenceError, match="not active"):
        stage.owner.do(engine.outputs)
    with pytest.raises(InferenceError, match="not active"):
        _ = engine.input_address


def test_the_device_refuses_other_threads(stage: TensorRTStage, engine: TensorRTEngine) -> None:
    with engine, pytest.raises(AssertionError, match="another thread"):
        engine.enqueue(stage.owner.gpu)


def test_many_threads_may_infer_on_engines_of_their_own(stage: TensorRTStage, wanted: EngineRequest) -> None:
    stage.build_here()
    faults: list[BaseException] = []

    def infer(seed: int) -> None:
        try:
            with TensorRTEngine(wanted, stage.owner) as engine:
                for _ in range(5):
                    found = engine.infer(random_batch(seed))["y"]
                    np.testing.assert_allclose(found, product(random_batch(seed)), rtol=1e-4, atol=1e-5)
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            faults.append(error)

    TensorRTEngine(wanted, stage.owner).compile(Silent())
    threads = [threading.Thread(target=infer, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert not stage.owner.gpu.live


def test_loading_never_builds(stage: TensorRTStage, wanted: EngineRequest) -> None:
    with pytest.raises(NotCompiledError) as caught:
        create_engine(wanted).activate()
    assert "engines build" in caught.value.hint
    assert wanted.cache_dir is not None
    assert not wanted.cache_dir.exists()


def test_another_tensorrt_or_device_needs_another_plan(
    stage: TensorRTStage, engine: TensorRTEngine, wanted: EngineRequest
) -> None:
    stage.trt.__version__ = "11.0.0.1"
    with pytest.raises(NotCompiledError, match="another tensorrt_version"):
        engine.activate()
    stage.trt.__version__ = str(stage.trt.surface["version"])
    stage.replace_device(replace(DISCRETE, capability=(11, 0)))
    with pytest.raises(NotCompiledError, match="another gpu"):
        TensorRTEngine(wanted, stage.owner).activate()
    assert plans(wanted) == 1


def test_a_plan_that_is_there_is_not_built_again_unless_it_is_forced(
    stage: TensorRTStage, engine: TensorRTEngine, wanted: EngineRequest
) -> None:
    assert wanted.cache_dir is not None
    (plan,) = wanted.cache_dir.glob("*.plan")
    first = plan.stat().st_ino, plan.stat().st_mtime_ns
    engine.compile(Silent())
    assert (plan.stat().st_ino, plan.stat().st_mtime_ns) == first
    engine.compile(Silent(), is_forced=True)
    assert (plan.stat().st_ino, plan.stat().st_mtime_ns) != first


def test_a_harmed_plan_is_built_again_by_a_build_alone(
    stage: TensorRTStage, engine: TensorRTEngine, wanted: EngineRequest
) -> None:
    assert wanted.cache_dir is not None
    (plan,) = wanted.cache_dir.glob("*.plan")
    plan.write_bytes(b"harmed")
    with pytest.raises(IntegrityError):
        engine.activate()
    with pytest.raises(NotCompiledError):
        engine.activate()
    engine.compile(Silent())
    with engine:
        assert np.isfinite(engine.infer(random_batch())["y"]).all()


def test_discarding_deletes_the_plan(engine: TensorRTEngine, wanted: EngineRequest) -> None:
    engine.discard()
    engine.discard()
    assert not plans(wanted)


def test_the_device_has_a_name(engine: TensorRTEngine) -> None:
    assert engine.device == "Host GPU"


def test_a_folder_for_plans_is_needed(stage: TensorRTStage, wanted: EngineRequest) -> None:
    with pytest.raises(EngineError, match="folder"):
        TensorRTEngine(replace(wanted, cache_dir=None), stage.owner)


def test_it_computes_what_onnx_files_may_compute_in(stage: TensorRTStage) -> None:
    found = available_precisions("tensorrt")
    assert {Precision.FP32, Precision.FP16} <= set(found)
    assert Precision.BF16 not in found
    assert next(iter(available_runtimes())) == "tensorrt"


@pytest.mark.parametrize("fault", [RuntimeMissingError, DeviceError])
def test_without_a_device_it_is_not_offered(
    stage: TensorRTStage, monkeypatch: pytest.MonkeyPatch, fault: type[EngineError]
) -> None:
    def refuse() -> None:
        raise fault("no device", hint="add one")

    monkeypatch.setattr(device, "gpu_owner", refuse)
    assert "tensorrt" not in available_runtimes()
    with pytest.raises(RuntimeMissingError, match="no device"):
        available_precisions("tensorrt")
