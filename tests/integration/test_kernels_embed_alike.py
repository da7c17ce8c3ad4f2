"""What the models make of the kernels' pictures is what they make of the host's: the real models, two real people."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.daemon.models import RECOGNIZERS, load_models
from edge.recognition.embed import Embedder
from edge.settings.sections import EngineSection
from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from engines.catalog import find_spec
from engines.centers import center_of
from engines.render.spec import PLAIN, Region, Squeeze, ViewSpec
from engines.views.host import HostViews
from tests.support.gate_command import PORTRAITS
from tests.support.host_kernels import HostKernels, needs_compiler
from tests.support.one_answer_models import frame

pytestmark = [pytest.mark.models, needs_compiler]

VIEWS = (
    PLAIN,
    ViewSpec(name="random", inner=Region(0.05, 0.1, 0.85, 0.85), fill=90),
    *(ViewSpec(name=squeeze.value, squeeze=squeeze) for squeeze in Squeeze if squeeze is not Squeeze.NONE),
    ViewSpec(name="occluded", occlusions=(Region(0.0, 0.3, 1.0, 0.2),), fill=128),
)
"""Of the kinds that the defenses name."""


def portrait(name: str) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(PORTRAITS / name))
    assert pixels is not None
    return np.asarray(pixels, np.uint8)


def test_embeddings_are_the_same_to_the_last_bit() -> None:
    with load_models(EngineSection(precision="fp32"), batches=(8,)) as models:
        detector = FaceDetector(models.detector, threshold=0.8)
        shown = [
            (pixels, detector.find(replace(frame(), pixels=pixels))[0])
            for pixels in map(portrait, ("astronaut.jpg", "grace_hopper.jpg"))
        ]
        for model_id in RECOGNIZERS:
            stage, spec = models.stage(model_id), find_spec(model_id)
            engine = next(e for e in models.engines if e.model_id == model_id and e.input_shape[0] == 8)
            by_kernels = Embedder(
                binding=stage.embedder.binding,
                center=center_of(spec),
                engines=[HostViews(engine, HostKernels(), spec.input, spec.output_names[0])],
            )
            rows = [
                [embedder.embed(pixels, crop_geometry(spec.crop, face), VIEWS) for pixels, face in shown]
                for embedder in (stage.embedder, by_kernels)
            ]
            host, kernels = (np.concatenate(one) for one in rows)
            np.testing.assert_array_equal(host, kernels)
