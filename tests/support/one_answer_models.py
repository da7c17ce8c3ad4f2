"""Models that answer every view with one vector, and the frame and face to show them."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.pipeline.verify import ModelStage
from edge.recognition.embed import Embedder
from edge.vision.align import ARCFACE_TEMPLATE
from engines.catalog import CropRecipe
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, ViewSpec
from engines.runtime.base import Engine, FloatArray, Precision
from engines.views.host import HostViews


class PlainRenderer:
    """Notes which views were asked for, and of what."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.shown: list[NDArray[np.uint8]] = []

    def render(
        self,
        pixels: NDArray[np.uint8],
        crop: CropGeometry,
        views: Sequence[ViewSpec],
        spec: InputSpec,
        out: NDArray[np.float32],
    ) -> None:
        """Render nothing."""
        self.batches.append([view.name for view in views])
        self.shown.append(pixels)
        out[...] = 0


class Answers(Engine):
    """Answers the same vector for every view."""

    runtime = "fake"

    def __init__(self, vector: NDArray[np.float32], batch: int) -> None:
        super().__init__(model_id="m", precision=Precision.FP32, input_shape=(batch, 3, 4, 4))
        self._rows = np.repeat(vector[np.newaxis], batch, axis=0) * 7

    def _activate(self) -> None: ...

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        return {"y": self._rows}

    def _deactivate(self) -> None: ...


def stage(binding: Binding, vector: NDArray[np.float32], renderer: PlainRenderer) -> ModelStage:
    """Return a recognizer that always answers ``vector``."""
    return ModelStage(
        Embedder(
            binding=binding,
            engines=[one_answer(vector, n, renderer) for n in (1, 4)],
            center=np.zeros(len(vector), np.float32),
        ),
        CropRecipe.ALIGN_112,
    )


def one_answer(vector: NDArray[np.float32], batch: int, renderer: PlainRenderer) -> HostViews:
    """Return an active engine that answers ``vector``, with its input."""
    engine = Answers(vector, batch)
    engine.activate()
    spec = InputSpec(side=4, order=ChannelOrder.RGB, mean=0, scale=1)
    return HostViews(engine, renderer, spec, "y")


def frame() -> Frame:
    """Return a frame of noise."""
    noise = np.random.default_rng(1).integers(60, 200, (240, 320, 3), np.uint8)
    return Frame(
        camera_id="c", seq=3, captured_ns=5, captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), pixels=noise
    )


def face(width: float = 112) -> Face:
    """Return a frontal face in it."""
    landmarks = (ARCFACE_TEMPLATE * width / 112 + 60).astype(np.float32)
    return Face(frame_seq=3, box=Box(60, 60, width, width), landmarks=landmarks, score=0.9)
