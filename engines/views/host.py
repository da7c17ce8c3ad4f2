"""Views rendered into the host's memory, for an engine that reads its input there."""

from collections.abc import Sequence

import numpy as np

from engines.render.base import Renderer
from engines.render.spec import CropGeometry, InputSpec, ViewSpec
from engines.runtime.base import Engine
from engines.views.base import SAMPLE_STEP, Answer, Pixels, check_room


class HostViews:
    """Any engine with any renderer; see :class:`engines.views.base.ViewEngine`. It owns the input batch.

    Args:
        engine: active.
        renderer: cuts views out of a frame.
        spec: how a view is rendered for this model.
        output: name of the model's output.
    """

    def __init__(self, engine: Engine, renderer: Renderer, spec: InputSpec, output: str) -> None:
        self._engine = engine
        self._renderer = renderer
        self._spec = spec
        self._output = output
        self._pictures = np.zeros(engine.input_shape, np.float32)

    @property
    def batch(self) -> int:
        """How many pictures it takes at once."""
        return self._engine.input_shape[0]

    @property
    def takes_nv12(self) -> bool:
        """No: renderers of the host read BGR."""
        return False

    def show(self, row: int, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec]) -> None:
        """Render views into the batch."""
        check_room(row, views, self.batch)
        self._renderer.render(pixels, crop, views, self._spec, self._pictures[row : row + len(views)])

    def answer(self, count: int) -> Answer:
        """Run the model on the batch."""
        rows = self._engine.infer(self._pictures)[self._output][:count]
        return Answer(rows.reshape(count, -1), self._pictures[:count, :, ::SAMPLE_STEP, ::SAMPLE_STEP])
