"""The acceptance of engines as lines to print."""

from dataclasses import dataclass
from typing import Any

from engines.cache import ModelStore
from engines.catalog import ModelSpec
from engines.errors import RuntimeMissingError
from engines.runtime.base import Engine
from engines.verify import verify

_FACENET = "facenet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """One measured value against its bar.

    Attributes:
        model: catalog id.
        runtime: name of the runtime.
        precision: arithmetic.
        batch: pictures an inference.
        check: what was measured.
        value: the measurement; None if it could not be taken.
        bar: what it is held against.
        is_minimum: whether the bar is the least that passes, else the most.
        is_passed: None if nothing was measured.
        detail: why nothing was.
    """

    model: str
    runtime: str
    precision: str
    batch: int
    check: str
    value: float | None
    bar: float
    is_minimum: bool
    is_passed: bool | None
    detail: str = ""

    def as_record(self) -> dict[str, Any]:
        """Return the line by its JSON keys."""
        return {
            "model": self.model,
            "runtime": self.runtime,
            "precision": self.precision,
            "batch": self.batch,
            "check": self.check,
            "value": self.value,
            "bar": self.bar,
            "kind": "at least" if self.is_minimum else "at most",
            "ok": self.is_passed,
            "detail": self.detail,
        }


def engine_proof(engine: Engine, spec: ModelSpec) -> tuple[ProofLine, ...]:
    """Return every check that the acceptance gate made; none at all is a failure.

    Raises:
        EngineError: the engine cannot be loaded, or there are no golden outputs for its size.
    """
    report = verify(engine, spec)
    lines = tuple(
        ProofLine(
            model=spec.id,
            runtime=report.runtime,
            precision=report.precision.value,
            batch=report.input_shape[0],
            check=check.name,
            value=check.value,
            bar=check.bar,
            is_minimum=check.is_minimum,
            is_passed=check.is_passed,
        )
        for check in report.checks
    )
    return lines or (_nothing(engine, spec),)


def facenet_parity(spec: ModelSpec, store: ModelStore) -> tuple[ProofLine, ...]:
    """Return how far the converted FaceNet is from OpenCV's reader of its published file; nothing for other models.

    It is measured with onnxruntime. Where that is not installed, the line says so and neither passes nor fails.

    Raises:
        EngineError: the weights are not there or cannot be read.
    """
    if spec.converter != _FACENET:
        return ()
    from engines.parity import FACENET_BAR, measure_parity  # brings in protobuf, which a gate does not need

    try:
        value, detail = measure_parity(spec, store).max_difference, ""
    except RuntimeMissingError as error:
        value, detail = None, str(error)
    line = ProofLine(
        model=spec.id,
        runtime="onnxruntime",
        precision="fp32",
        batch=1,
        check="difference from OpenCV's reader",
        value=value,
        bar=FACENET_BAR,
        is_minimum=False,
        is_passed=None if value is None else value < FACENET_BAR,
        detail=detail,
    )
    return (line,)


def _nothing(engine: Engine, spec: ModelSpec) -> ProofLine:
    return ProofLine(
        model=spec.id,
        runtime=engine.runtime,
        precision=engine.precision.value,
        batch=engine.input_shape[0],
        check="checks made",
        value=0.0,
        bar=1.0,
        is_minimum=True,
        is_passed=False,
    )
