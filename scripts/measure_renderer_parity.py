"""Measures that the CUDA kernels and the CPU renderer compute the same: on real faces, and on drawn cases.

Usage: python scripts/measure_renderer_parity.py faces LFW [--crops 1000]
       python scripts/measure_renderer_parity.py kernels [--cases 1000]

The kernels run on the host, compiled by g++ from the sources that nvcc compiles for a device; what a device's own
compiler rounds otherwise shows only there. Prints one JSON object a line.

faces: crops of split B, every view that serves (plain, four random, three squeezed; for the screening model the
masks of the shipped certificates too), rendered by both and embedded in fp32:
    {"model", "view", "crops", "embeddings", "cosine_min", "cosine_p1", "cosine_mean", "pixel_max", "values",
    "differing"}
    pixel_max in gray levels; differing of all values, at any size.
kernels: drawn frames, crops and views:
    {"yardstick", "cases", "values", "differing"}: of the kernels' values, against the CPU's and the definition.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from calibration.pictures.embedding_cache import EmbeddingCache, default_folder
from calibration.pictures.faces import FacePicture, FaceReader
from calibration.pictures.identities import split_b
from edge.daemon.assembly import DEFAULT_PROFILE
from edge.daemon.models import RECOGNIZERS, SCREENING, binding_of, load_models, model_store
from edge.defenses.randomize import random_views
from edge.defenses.squeeze import SQUEEZED_VIEWS
from edge.domain.mask_family import families_of
from edge.recognition.embed import Embedder
from edge.settings.load import load_settings
from edge.trust.profile import load_profile
from edge.vision.align import crop_geometry
from edge.vision.occlusion import views_of
from engines.build import load_engine
from engines.catalog import ModelSpec, find_spec
from engines.centers import center_of
from engines.progress import Silent
from engines.render.base import Renderer
from engines.render.cpu import CPURenderer
from engines.render.cuda.host import HostKernels
from engines.render.reference import ReferenceRenderer
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, ViewSpec
from engines.runtime.base import Engine, Precision
from engines.views.host import HostViews

_BATCH = 8
_SEED = 20261125


def main() -> None:
    """Run the command."""
    options = _options()
    if options.command == "kernels":
        _measure_kernels(options.cases)
        return
    configured = load_settings(None)
    profile = load_profile(DEFAULT_PROFILE, environment="development")
    masks = tuple(view for family in families_of(profile.certificates) for view in views_of(family.masks))
    with load_models(configured.engine, progress=Silent()) as models:
        cache = EmbeddingCache(default_folder())
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=cache)
        faces = _faces(options.images, reader, options.crops)
    for spec in map(find_spec, RECOGNIZERS):
        engine = load_engine(
            spec,
            model_store(configured.engine),
            runtime=configured.engine.runtime,
            precision=Precision.FP32,
            batch=_BATCH,
            threads=configured.engine.threads,
        )
        with engine:
            _measure_faces(spec, engine, faces, masks if spec.id == SCREENING else ())


def _faces(images: Path, reader: FaceReader, count: int) -> list[FacePicture]:
    """Return the faces of ``count`` pictures of split B, everybody's first picture before anybody's second."""
    ranked = sorted((rank, path) for paths in split_b(images).values() for rank, path in enumerate(paths))
    found: list[FacePicture] = []
    for _, face in reader.read_all([path for _, path in ranked], Silent(), label="faces"):
        if face is not None:
            found.append(face)
        if len(found) == count:
            break
    return found


def _measure_faces(spec: ModelSpec, engine: Engine, faces: Sequence[FacePicture], masks: Sequence[ViewSpec]) -> None:
    cpu, kernels = CPURenderer(), HostKernels()
    by_cpu, by_kernels = (_embedder(spec, engine, renderer) for renderer in (cpu, kernels))
    drawn = random.Random(_SEED)  # noqa: S311 - placements, drawn alike each time
    cosines: dict[str, list[float]] = {}
    moved: dict[str, list[tuple[float, int, int]]] = {}
    for face in faces:
        views = (PLAIN, *random_views(drawn), *SQUEEZED_VIEWS, *masks)
        crop = crop_geometry(spec.crop, face.face)
        found, wanted = (e.embed(face.frame.pixels, crop, views).astype(np.float64) for e in (by_cpu, by_kernels))
        norms = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
        differences = _differences((cpu, kernels), spec.input, face, crop, views)
        for view, cosine, difference in zip(views, np.sum(found * wanted, axis=1) / norms, differences, strict=True):
            kind = "mask" if view in masks else view.name.rstrip("0123456789").rstrip("-")
            cosines.setdefault(kind, []).append(float(cosine))
            moved.setdefault(kind, []).append(difference)
    for kind, cosines_of in cosines.items():
        most, differing, values = zip(*moved[kind], strict=True)
        _print(
            model=spec.id,
            view=kind,
            crops=len(faces),
            embeddings=len(cosines_of),
            cosine_min=min(cosines_of),
            cosine_p1=float(np.quantile(cosines_of, 0.01)),
            cosine_mean=float(np.mean(cosines_of)),
            pixel_max=max(most),
            values=sum(values),
            differing=sum(differing),
        )


def _differences(
    renderers: tuple[Renderer, Renderer],
    spec: InputSpec,
    face: FacePicture,
    crop: CropGeometry,
    views: Sequence[ViewSpec],
) -> list[tuple[float, int, int]]:
    """Return, for each view, the most levels by which two renderers differ, how many values do, and of how many."""
    levels = InputSpec(spec.side, spec.order, 0.0, 1.0)
    out = [np.empty((len(views), 3, spec.side, spec.side), np.float32) for _ in renderers]
    for renderer, batch in zip(renderers, out, strict=True):
        renderer.render(face.frame.pixels, crop, views, levels, batch)
    apart = np.abs(out[0] - out[1]).reshape(len(views), -1)
    return [(float(row.max()), int(np.count_nonzero(row)), row.size) for row in apart]


def _embedder(spec: ModelSpec, engine: Engine, renderer: Renderer) -> Embedder:
    return Embedder(
        binding=binding_of(spec),
        center=center_of(spec),
        engines=[HostViews(engine, renderer, spec.input, spec.output_names[0])],
    )


def _measure_kernels(count: int) -> None:
    from tests.support.drawn_renders import crops, frames, views

    yardsticks: dict[str, Renderer] = {"cpu": CPURenderer(), "definition": ReferenceRenderer()}
    differing: dict[str, list[int]] = {name: [] for name in yardsticks}
    values: list[int] = []

    @settings(max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=_SLOW)
    @given(frames(), crops(), views(), st.integers(4, 72))
    def case(pixels: NDArray[np.uint8], crop: CropGeometry, view: ViewSpec, side: int) -> None:
        x, y, width, height = view.inner.to_px(side)
        assume(x + width <= side and y + height <= side)
        found = _rendered(HostKernels(), pixels, crop, view, side)
        values.append(found.size)
        for name, yardstick in yardsticks.items():
            differing[name].append(int(np.sum(found != _rendered(yardstick, pixels, crop, view, side))))

    case()
    for name, counts in differing.items():
        _print(yardstick=name, cases=len(counts), values=sum(values), differing=sum(counts))


_SLOW = tuple(HealthCheck)


def _rendered(
    renderer: Renderer, pixels: NDArray[np.uint8], crop: CropGeometry, view: ViewSpec, side: int
) -> NDArray[np.float32]:
    out = np.full((1, 3, side, side), np.nan, np.float32)
    renderer.render(pixels, crop, [view], InputSpec(side, ChannelOrder.BGR, 0.0, 1.0), out)
    return out


def _print(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    faces = commands.add_parser("faces")
    faces.add_argument("images", type=Path, help="folder of identities, NAME/NAME_0001.jpg")
    faces.add_argument("--crops", type=int, default=1000)
    commands.add_parser("kernels").add_argument("--cases", type=int, default=1000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
