"""How far a converted model is from OpenCV's own reader of the same published file."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from engines.build import load_engine
from engines.cache import ModelStore
from engines.catalog import ModelSpec
from engines.convert.graphdef import plain_graph
from engines.errors import EngineError
from engines.golden import Picture, batch_from_pictures, detector_picture, embedder_pictures
from engines.runtime.base import Precision

FACENET_BAR = 1e-5
"""Most that any value of a FaceNet embedding may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """Two readers of one file.

    Attributes:
        model_id: catalog id.
        pictures: how many were compared.
        max_difference: largest absolute difference of any output value.
    """

    model_id: str
    pictures: int
    max_difference: float


def measure_parity(spec: ModelSpec, store: ModelStore, pictures: Sequence[Picture] = ()) -> Parity:
    """Compare a converted model, in onnxruntime at fp32, with OpenCV's reader of its published weights.

    Args:
        spec: the model.
        store: holds its weights.
        pictures: uint8 RGB of the model's default size; the golden pictures if there are none.

    Raises:
        EngineError: the weights are not there, OpenCV cannot read them, or onnxruntime is missing.
    """
    shown = tuple(pictures) or _golden(spec)
    engine = load_engine(spec, store, runtime="onnxruntime", precision=Precision.FP32, threads=2)
    weights = store.read(store.source_path(spec), spec.source.member_sha256)
    worst = 0.0
    with engine:
        try:
            reader = _read(spec, weights)
            for picture in shown:
                batch = batch_from_pictures(spec, (picture,))
                ours = engine.infer(batch)
                reader.setInput(batch, spec.input_name)
                theirs = reader.forward(list(spec.output_names))
                pairs = zip(spec.output_names, theirs, strict=True)
                worst = max(worst, *(float(np.max(np.abs(ours[name] - np.asarray(value)))) for name, value in pairs))
        except cv2.error as error:
            raise EngineError(f"OpenCV cannot run {spec.id}: {error}", hint="use OpenCV 4.13 or 4.14") from error
    return Parity(model_id=spec.id, pictures=len(shown), max_difference=worst)


def _golden(spec: ModelSpec) -> tuple[Picture, ...]:
    return embedder_pictures(spec.input.side) if spec.dimension else (detector_picture(spec.default_size),)


def _read(spec: ModelSpec, weights: bytes) -> cv2.dnn.Net:
    if spec.converter == "facenet":
        # OpenCV's reader trips over the control inputs of the published file.
        return cv2.dnn.readNetFromTensorflow(np.frombuffer(plain_graph(weights), np.uint8))
    return cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
