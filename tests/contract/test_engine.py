"""What every engine owes its callers, over each runtime and the fake of the tests."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.errors import EngineError, InferenceError, IntegrityError
from engines.progress import Silent
from engines.runtime.base import Engine, FloatArray, Precision
from engines.runtime.registry import create_engine
from engines.runtime.request import EngineRequest
from tests.support.host_gpu import DISCRETE
from tests.support.strict_tensorrt import VERSIONS
from tests.support.tensorrt_stage import tensorrt_stage
from tests.support.toy_onnx import SHAPE, WEIGHT, product, random_batch, toy_request

RUNTIMES = ("openvino", "onnxruntime")
TENSORRT = [f"tensorrt {version} {kind}" for version in VERSIONS for kind in ("discrete", "integrated")]


class FakeEngine(Engine):
    """The same product in numpy."""

    runtime = "fake"

    def __init__(self) -> None:
        super().__init__(model_id="toy", precision=Precision.FP32, input_shape=SHAPE)
        self._output = np.empty((2, 5), np.float32)

    def _activate(self) -> None: ...

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        np.matmul(batch.reshape(2, -1), WEIGHT.T, out=self._output)
        return {"y": self._output}

    def _deactivate(self) -> None: ...


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> EngineRequest:
    return toy_request(tmp_path_factory.mktemp("model"))


@pytest.fixture(params=[*RUNTIMES, *TENSORRT, "fake"])
def engine(
    request: pytest.FixtureRequest, wanted: EngineRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    runtime, *variant = request.param.split()
    with ExitStack() as stack:
        if variant:
            facts = replace(DISCRETE, is_integrated=variant[1] == "integrated")
            stack.enter_context(tensorrt_stage(monkeypatch, variant[0], facts))
        made = FakeEngine() if runtime == "fake" else create_engine(runtime, wanted)
        made.compile(Silent())
        yield made
        made.deactivate()


def test_names_what_it_is(engine: Engine) -> None:
    assert (engine.model_id, engine.precision, engine.input_shape) == ("toy", Precision.FP32, SHAPE)
    assert engine.runtime in {*RUNTIMES, "tensorrt", "fake"}
    assert engine.device


def test_computes_the_model(engine: Engine) -> None:
    with engine:
        outputs = engine.infer(random_batch())
        assert set(outputs) == {"y"}
        assert outputs["y"].dtype == np.float32
        assert outputs["y"].shape == (2, 5)
        np.testing.assert_allclose(outputs["y"], product(random_batch()), rtol=1e-4, atol=1e-5)


def test_reads_the_same_array_anew_each_time(engine: Engine) -> None:
    batch = random_batch()
    with engine:
        engine.infer(batch)
        batch *= 2
        np.testing.assert_allclose(engine.infer(batch)["y"], product(batch), rtol=1e-4, atol=1e-5)


def test_arrays_may_take_turns_and_vanish(engine: Engine) -> None:
    with engine:
        for seed in range(20):
            np.testing.assert_allclose(
                engine.infer(random_batch(seed))["y"], product(random_batch(seed)), rtol=1e-4, atol=1e-5
            )


def test_reads_an_array_that_may_not_be_written(engine: Engine) -> None:
    batch = random_batch()
    batch.flags.writeable = False
    with engine:
        np.testing.assert_allclose(engine.infer(batch)["y"], product(batch), rtol=1e-4, atol=1e-5)


def test_never_writes_to_its_input(engine: Engine) -> None:
    batch = random_batch()
    with engine:
        engine.infer(batch)
    np.testing.assert_array_equal(batch, random_batch())


def test_reuses_its_output_memory(engine: Engine) -> None:
    with engine:
        first = engine.infer(random_batch(0))["y"]
        second = engine.infer(random_batch(1))["y"]
        assert np.shares_memory(first, second)


def test_outputs_survive_deactivation_when_copied(engine: Engine) -> None:
    with engine:
        kept = engine.infer(random_batch())["y"].copy()
    np.testing.assert_allclose(kept, product(random_batch()), rtol=1e-4, atol=1e-5)


def test_can_be_activated_again(engine: Engine) -> None:
    for _ in range(2):
        engine.activate()
        engine.activate()
        assert np.isfinite(engine.infer(random_batch())["y"]).all()
        engine.deactivate()
        engine.deactivate()


def test_refuses_to_infer_when_it_is_not_active(engine: Engine) -> None:
    with pytest.raises(InferenceError, match="not active"):
        engine.infer(random_batch())
    with engine:
        pass
    with pytest.raises(InferenceError, match="not active"):
        engine.infer(random_batch())


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, *SHAPE[1:]), np.float32),
        np.zeros((2, 4, 4, 3), np.float32),
        np.zeros(SHAPE, np.float64),
        np.zeros(SHAPE, np.uint8),
        np.zeros((*SHAPE[:3], 8), np.float32)[..., ::2],
    ],
)
def test_refuses_an_input_of_another_form(engine: Engine, batch: FloatArray) -> None:
    with engine, pytest.raises(InferenceError) as caught:
        engine.infer(batch)
    assert caught.value.hint


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_refuses_to_give_what_is_not_finite(engine: Engine, value: float) -> None:
    batch = random_batch()
    batch[1, 2, 3, 3] = value
    with engine, pytest.raises(InferenceError, match="not finite"):
        engine.infer(batch)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_altered_model_is_not_loaded(runtime: str, wanted: EngineRequest) -> None:
    engine = create_engine(runtime, replace(wanted, model_sha256="0" * 64))
    with pytest.raises(IntegrityError):
        engine.activate()
    with pytest.raises(InferenceError):
        engine.infer(random_batch())


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_model_that_cannot_be_read_is_an_engine_error(
    runtime: str, wanted: EngineRequest, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    sha256 = hashlib.sha256(content or b"").hexdigest()
    with pytest.raises(EngineError) as caught:
        create_engine(runtime, replace(wanted, model_path=path, model_sha256=sha256)).activate()
    assert caught.value.hint


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_model_without_the_output_is_an_engine_error(runtime: str, wanted: EngineRequest) -> None:
    with pytest.raises(EngineError):
        create_engine(runtime, replace(wanted, output_names=("z",))).activate()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_model_that_does_not_take_the_shape_is_an_engine_error(runtime: str, wanted: EngineRequest) -> None:
    with pytest.raises(EngineError):
        create_engine(runtime, replace(wanted, input_shape=(2, 3, 5, 5))).activate()


def test_cache_folder_that_cannot_be_made_only_costs_time(wanted: EngineRequest, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with create_engine("openvino", replace(wanted, cache_dir=tmp_path / "file" / "cache")) as engine:
        np.testing.assert_allclose(engine.infer(random_batch())["y"], product(random_batch()), rtol=1e-4, atol=1e-5)


def test_damaged_cache_is_compiled_anew(wanted: EngineRequest, tmp_path: Path) -> None:
    cached = replace(wanted, cache_dir=tmp_path)
    with create_engine("openvino", cached):
        pass
    blobs = list(tmp_path.rglob("*.blob"))
    assert blobs
    for blob in blobs:
        blob.chmod(0o600)
        blob.write_bytes(blob.read_bytes()[:100])
    with create_engine("openvino", cached) as engine:
        np.testing.assert_allclose(engine.infer(random_batch())["y"], product(random_batch()), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("changed", [{"threads": 0}, {"input_shape": (0, 3, 4, 4)}])
def test_request_of_nothing_is_refused(wanted: EngineRequest, changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="positive"):
        replace(wanted, **changed)  # type: ignore[arg-type] # wrong on purpose
