import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from engines.catalog import ModelSpec, find_spec
from engines.errors import AcceptanceError, EngineError
from engines.golden import expected
from engines.runtime.base import Engine, FloatArray, Precision
from engines.verify import Check, VerificationReport, require_proven, verify
from tests.support.golden_engine import Fault, GoldenEngine

FACENET, SFACE = find_spec("facenet-20180408"), find_spec("sface-2021dec")


@pytest.mark.parametrize("spec", [FACENET, SFACE])
@pytest.mark.parametrize("batch", [1, 3, 8, 15])
def test_faithful_engine_is_proven(spec: ModelSpec, batch: int) -> None:
    engine = GoldenEngine(spec, batch=batch)
    report = require_proven(engine, spec)
    assert report.is_proven
    assert report.input_shape == (batch, 3, spec.input.side, spec.input.side)
    assert {check.name for check in report.checks} >= {"cosine to the golden outputs", "score shift"}
    assert engine.activations == 1


def noise(size: float) -> Fault:
    def add(outputs: FloatArray, call: int) -> FloatArray:
        drawn = np.random.default_rng(5).standard_normal(outputs.shape[-1])
        scale = size * np.linalg.norm(outputs, axis=1, keepdims=True) / math.sqrt(outputs.shape[-1])
        return np.asarray(outputs + drawn * scale, np.float32)

    return add


def nan(outputs: FloatArray, _: int) -> FloatArray:
    outputs[-1, 3] = math.nan
    return outputs


def infinite(outputs: FloatArray, _: int) -> FloatArray:
    outputs[0, 0] = math.inf
    return outputs


def zero(outputs: FloatArray, _: int) -> FloatArray:
    return outputs * 0


def constant(outputs: FloatArray, _: int) -> FloatArray:
    return np.ones_like(outputs) / math.sqrt(outputs.shape[1])


def everyone_alike(outputs: FloatArray, _: int) -> FloatArray:
    """Different people at cosine 0.97: a large common part."""
    mixed = outputs / np.linalg.norm(outputs, axis=1, keepdims=True) + 5 / math.sqrt(outputs.shape[1])
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def swapped(outputs: FloatArray, _: int) -> FloatArray:
    return outputs[::-1]


def only_first_row(outputs: FloatArray, _: int) -> FloatArray:
    outputs[1:] = outputs[0]
    return outputs


def doubled(outputs: FloatArray, _: int) -> FloatArray:
    return outputs * 2


def permuted(outputs: FloatArray, _: int) -> FloatArray:
    return np.roll(outputs, 1, axis=1)


def narrow(outputs: FloatArray, _: int) -> FloatArray:
    return outputs[:, :-1]


def unsteady(outputs: FloatArray, call: int) -> FloatArray:
    return outputs * np.float32(1 + 1e-4 * (call % 7))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (nan, "inferences that failed"),
        (infinite, "inferences that failed"),
        (zero, "cosine"),
        (constant, "spread"),
        (everyone_alike, "spread"),
        (swapped, "cosine"),
        (only_first_row, "cosine"),
        (doubled, "norm"),
        (permuted, "cosine"),
        (narrow, "shape"),
        (unsteady, "repeating"),
        (noise(0.05), "cosine"),
    ],
)
@pytest.mark.parametrize("spec", [FACENET, SFACE])
def test_faulty_engine_is_not_served(spec: ModelSpec, fault: Fault, words: str) -> None:
    with pytest.raises(AcceptanceError, match=words) as caught:
        require_proven(GoldenEngine(spec, batch=4, fault=fault), spec)
    assert caught.value.hint
    assert not verify(GoldenEngine(spec, batch=4, fault=fault), spec).is_proven


def test_fault_in_one_place_of_the_batch_is_found() -> None:
    def last_place(outputs: FloatArray, _: int) -> FloatArray:
        outputs[-1] = outputs[0]
        return outputs

    with pytest.raises(AcceptanceError, match="batch reversed"):
        require_proven(GoldenEngine(SFACE, batch=8, fault=last_place), SFACE)


@pytest.mark.parametrize(
    ("amount", "accepted"),
    [
        (0.005, {"fp32", "bf16", "fp16", "int8"}),
        (0.02, {"bf16", "int8"}),
        (0.1, {"int8"}),
        (0.5, set()),
    ],
)
def test_each_precision_has_its_own_bar(amount: float, accepted: set[str]) -> None:
    engines = [GoldenEngine(SFACE, fault=noise(amount), precision=precision) for precision in Precision]
    cosine = "cosine to the golden outputs"
    passed = {e.precision.value for e in engines if {c.name: c for c in verify(e).checks}[cosine].is_passed}
    assert passed == accepted


def test_output_under_another_name_is_not_served() -> None:
    renamed = replace(SFACE, output_names=("embedding",))
    with pytest.raises(AcceptanceError, match="wrong name"):
        require_proven(GoldenEngine(SFACE), renamed)


def test_report_without_checks_proves_nothing() -> None:
    report = VerificationReport(
        model_id="x", runtime="x", precision=Precision.FP32, input_shape=(1, 3, 1, 1), checks=()
    )
    assert not report.is_proven


@pytest.mark.parametrize("is_minimum", [True, False])
def test_measurement_that_is_not_a_number_passes_nothing(is_minimum: bool) -> None:
    assert not Check("x", math.nan, 1.0, is_minimum=is_minimum).is_passed
    assert "nan" in str(Check("x", math.nan, 1.0, is_minimum=is_minimum))


def test_unknown_model_is_an_engine_error() -> None:
    engine = GoldenEngine(SFACE)
    engine.model_id = "unknown"
    with pytest.raises(EngineError, match="unknown"):
        verify(engine)


YUNET = find_spec("yunet-2023mar")
SIZE = YUNET.default_size


class GoldenDetector(Engine):
    """Gives heads that decode to the stored rows, then changes one output.

    Class and object scores are both the row's score; boxes and points invert the decoding.
    """

    runtime = "fake"

    def __init__(self, change: Mapping[str, float] | None = None) -> None:
        super().__init__(model_id=YUNET.id, precision=Precision.FP32, input_shape=YUNET.shape(batch=1, size=SIZE))
        self._outputs: dict[str, FloatArray] = {}
        for stride in (8, 16, 32):
            count = SIZE[0] // stride * (SIZE[1] // stride)
            for head, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
                self._outputs[f"{head}_{stride}"] = np.zeros((1, count, columns), np.float32)
        stored = expected(YUNET, SIZE)
        for values in stored:
            self._put(values)
        for name, amount in (change or {}).items():
            faces = stored[(stored[:, 0] == int(name.partition("_")[2])) & (stored[:, 2] > 0.5)]
            self._outputs[name][0, int(faces[0, 1]), 0] += amount

    def _put(self, values: FloatArray) -> None:
        stride, index = int(values[0]), int(values[1])
        cell = np.array([index % (SIZE[0] // stride), index // (SIZE[0] // stride)])
        self._outputs[f"cls_{stride}"][0, index] = self._outputs[f"obj_{stride}"][0, index] = values[2]
        center, size = values[3:5] + values[5:7] / 2, values[5:7]
        self._outputs[f"bbox_{stride}"][0, index] = [*(center / stride - cell), *np.log(size / stride)]
        self._outputs[f"kps_{stride}"][0, index] = (values[7:].reshape(5, 2) / stride - cell).reshape(-1)

    def _activate(self) -> None: ...

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        return self._outputs

    def _deactivate(self) -> None: ...


def test_faithful_detector_is_proven() -> None:
    assert require_proven(GoldenDetector()).is_proven


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cls_8": -0.1}, "score difference"),
        ({"obj_16": 0.1}, "score difference"),
        ({"bbox_16": 0.1}, "box difference"),
        ({"bbox_32": 0.05}, "box difference"),
        ({"kps_8": 0.2}, "landmark difference"),
        ({"kps_16": math.nan}, "inferences that failed"),
    ],
)
def test_faulty_detector_is_not_served(change: Mapping[str, float], words: str) -> None:
    with pytest.raises(AcceptanceError, match=words):
        require_proven(GoldenDetector(change))


def test_detector_that_sees_more_faces_is_not_served() -> None:
    detector = GoldenDetector()
    detector._outputs["cls_8"][0, -1] = detector._outputs["obj_8"][0, -1] = 0.9
    with pytest.raises(AcceptanceError, match="not in the golden outputs 1"):
        require_proven(detector)


def test_detector_without_a_head_is_not_served() -> None:
    detector = GoldenDetector()
    del detector._outputs["kps_32"]
    with pytest.raises(AcceptanceError, match="wrong name or shape"):
        require_proven(detector)


def test_detector_without_golden_outputs_for_its_size_is_an_engine_error() -> None:
    detector = GoldenDetector()
    detector.input_shape = (1, 3, 64, 64)
    with pytest.raises(EngineError, match="no golden outputs"):
        verify(detector)
