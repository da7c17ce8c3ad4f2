"""Embeddings are of unit norm, and what all faces have in common is taken off them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.embedding import Binding
from edge.domain.errors import RecognitionError
from edge.recognition.embed import Embedder
from engines.render.spec import PLAIN, CropGeometry
from tests.support.one_answer_models import PlainRenderer, one_answer

BINDING = Binding("m", "d", "r", "reference")
PIXELS = np.zeros((8, 8, 3), np.uint8)
CROP = CropGeometry(np.array([[1.0, 0, 0], [0, 1, 0]]), 4)


def embedded(answer: NDArray[np.float32], center: NDArray[np.float32]) -> NDArray[np.float32]:
    embedder = Embedder(binding=BINDING, engines=[one_answer(answer, 1, PlainRenderer())], center=center)
    found: NDArray[np.float32] = embedder.embed(PIXELS, CROP, (PLAIN,))[0]
    return found


def test_the_center_is_taken_off_the_unit_embedding_which_is_scaled_again() -> None:
    found = embedded(np.array([3.0, 4.0], np.float32), np.array([0.6, 0.0], np.float32))
    np.testing.assert_allclose(found, [0.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(embedded(np.array([3.0, 4.0], np.float32), np.zeros(2, np.float32)), [0.6, 0.8])


@pytest.mark.parametrize(
    ("answer", "center"),
    [([0.0, 0.0], [0.0, 0.0]), ([np.nan, 1.0], [0.0, 0.0]), ([np.inf, 1.0], [0.0, 0.0]), ([3.0, 4.0], [0.6, 0.8])],
)
def test_an_embedding_without_a_direction_is_a_fault(answer: list[float], center: list[float]) -> None:
    with pytest.raises(RecognitionError):
        embedded(np.array(answer, np.float32), np.array(center, np.float32))
