"""The trigger scan of the catalog's own weights, over people of both splits."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from calibration.pictures.identities import split_a, split_b
from edge.daemon.models import RECOGNIZERS, Models, model_store
from edge.domain.clock import SystemClock
from edge.domain.errors import UsageError
from edge.domain.profile import Profile
from edge.settings.sections import EngineSection
from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from engines.catalog import find_spec
from engines.centers import center_of
from engines.render.spec import PLAIN
from redteam.poison.pictures import HonestPicture, honest_pictures
from redteam.poison.trigger_scan import Crops, scan
from redteam.twins.embedder import EmbedderTwin
from redteam.twins.renderer import RendererTwin


def scan_every_model(
    models: Models, profile: Profile, options: EngineSection, images: Path, *, people: int, steps: int
) -> Iterator[dict[str, Any]]:
    """Yield a record a model and place.

    Args:
        models: active engines, for the detector.
        profile: says what is a face, and each model's own threshold.
        options: where the models lie.
        images: folder of identities.
        people: of split A make the patches; as many of split B they are tried on.
        steps: of each search.

    Raises:
        UsageError: there are not so many people.
    """
    detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
    makers, triers = (_one_of_each(part, detector, people) for part in (split_a(images), split_b(images)))
    store = model_store(options)
    for model in RECOGNIZERS:
        spec = find_spec(model)
        twin = EmbedderTwin(store.onnx_path(spec), center=center_of(spec), is_bf16=True)
        crops = Crops(_crops(makers, model), _crops(triers, model))
        for found in scan(twin, spec.input, crops, profile.match.alone[model], steps=steps):
            yield {
                "model": model,
                "place": found.place,
                "before": found.before,
                "after": found.after,
                "reach": found.reach,
                "people": people,
            }


def _one_of_each(people: dict[str, tuple[Path, ...]], detector: FaceDetector, count: int) -> list[HonestPicture]:
    first = {name: paths[:1] for name, paths in people.items()}
    some = dict(islice(first.items(), 3 * count))
    found = honest_pictures(some, detector, SystemClock())[:count]
    if len(found) < count:
        raise UsageError(f"{len(found)} people have a face that is found", hint=f"give {count} of each split")
    return found


def _crops(pictures: list[HonestPicture], model: str) -> torch.Tensor:
    spec = find_spec(model)
    renderer = RendererTwin()
    parts = []
    for picture in pictures:
        frame = torch.from_numpy(picture.pixels).permute(2, 0, 1).float()[None]
        matrix = torch.from_numpy(crop_geometry(spec.crop, picture.face).matrix)[None]
        parts.append(renderer.render(frame, matrix, (PLAIN,), spec.input)[:, 0])
    return torch.cat(parts)
