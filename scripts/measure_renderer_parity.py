"""Measures that the CUDA kernels and the CPU renderer compute the same: on real faces, and on drawn cases.

Usage: python scripts/measure_renderer_parity.py faces LFW [--crops 1000]
       python scripts/measure_renderer_parity.py kernels [--cases 1000]

The kernels run on the host, compiled by g++ from the sources that nvcc compiles for a device; what a device's own
compiler rounds otherwise shows only there. Prints one JSON object a line.

faces: crops of split B, every view that serves (plain, four random, three squeezed; for the screening model the
masks of the shipped certificates too), rendered by both and embedded in fp32. cpu is what serves; cpu-exact samples
without OpenCV's rounding of coordinates, which tells what that rounding does:
    {"model", "renderer", "view", "crops", "embeddings", "cosine_min", "cosine_p1", "cosine_mean", "pixel_max",
    "pixel_differing"}
    pixel_max in gray levels, pixel_differing the share of values that differ at all.
kernels: drawn frames, crops and views against the definition in float64:
    {"check": "sampling", "cases", "values", "max_before_quantizing", "beyond_half_a_level"}: how far the quantized
    value is from the exact one, in units of 1/255; half a unit is what rounding alone does.
    {"check": "after quantizing", "cases", "values", "differing"}: occlusion, padding, squeezers, on one picture.
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
from engines.render.exact_sampling import ExactSampler
from engines.render.reference import squeezed
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, Squeeze, ViewSpec
from engines.runtime.base import Engine, Precision
from engines.views.host import HostViews

_BATCH = 8
_SEED = 20261125
_ROUNDING = 0.01  # of a level: what single precision adds to half a level


def main() -> None:
    """Run the command."""
    options = _options()
    if options.command == "kernels":
        _measure_sampling(options.cases)
        _measure_after_quantizing(options.cases)
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
    renderers: dict[str, Renderer] = {"cpu": CPURenderer(), "cpu-exact": CPURenderer(ExactSampler())}
    kernels = HostKernels()
    yardstick = _embedder(spec, engine, kernels)
    sides = {name: _embedder(spec, engine, renderer) for name, renderer in renderers.items()}
    drawn = random.Random(_SEED)  # noqa: S311 - placements, drawn alike each time
    kinds: dict[tuple[str, str], list[float]] = {}
    moved: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for face in faces:
        views = (PLAIN, *random_views(drawn), *SQUEEZED_VIEWS, *masks)
        crop = crop_geometry(spec.crop, face.face)
        wanted = yardstick.embed(face.frame.pixels, crop, views).astype(np.float64)
        for name, side in sides.items():
            found = side.embed(face.frame.pixels, crop, views).astype(np.float64)
            norms = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
            cosines = np.sum(found * wanted, axis=1) / norms
            differences = _differences((renderers[name], kernels), spec.input, face, crop, views)
            for view, cosine, difference in zip(views, cosines, differences, strict=True):
                kind = "mask" if view in masks else view.name.rstrip("0123456789").rstrip("-")
                kinds.setdefault((name, kind), []).append(float(cosine))
                moved.setdefault((name, kind), []).append(difference)
    for (name, kind), cosines_of in kinds.items():
        pixels = np.array(moved[name, kind])
        _print(
            model=spec.id,
            renderer=name,
            view=kind,
            crops=len(faces),
            embeddings=len(cosines_of),
            cosine_min=min(cosines_of),
            cosine_p1=float(np.quantile(cosines_of, 0.01)),
            cosine_mean=float(np.mean(cosines_of)),
            pixel_max=float(pixels[:, 0].max()),
            pixel_differing=float(pixels[:, 1].mean()),
        )


def _differences(
    renderers: tuple[Renderer, Renderer],
    spec: InputSpec,
    face: FacePicture,
    crop: CropGeometry,
    views: Sequence[ViewSpec],
) -> list[tuple[float, float]]:
    """Return, for each view, the most levels by which two renderers differ, and the share of values that do."""
    levels = InputSpec(spec.side, spec.order, 0.0, 1.0)
    out = [np.empty((len(views), 3, spec.side, spec.side), np.float32) for _ in renderers]
    for renderer, batch in zip(renderers, out, strict=True):
        renderer.render(face.frame.pixels, crop, views, levels, batch)
    apart = np.abs(out[0] - out[1]).reshape(len(views), -1)
    return [(float(row.max()), float(np.mean(row > 0))) for row in apart]


def _embedder(spec: ModelSpec, engine: Engine, renderer: Renderer) -> Embedder:
    return Embedder(
        binding=binding_of(spec),
        center=center_of(spec),
        engines=[HostViews(engine, renderer, spec.input, spec.output_names[0])],
    )


def _measure_sampling(count: int) -> None:
    from tests.support.drawn_renders import crops, exact, frames, views

    worst: list[float] = []
    beyond: list[int] = []
    values: list[int] = []

    @settings(max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=_SLOW)
    @given(frames(), crops(), views(Squeeze.NONE), st.integers(4, 72))
    def case(pixels: NDArray[np.uint8], crop: CropGeometry, view: ViewSpec, side: int) -> None:
        x, y, width, height = view.inner.to_px(side)
        assume(x + width <= side and y + height <= side)
        found = _rendered(pixels, crop, [ViewSpec(name="plain", inner=view.inner)], side)[0]
        apart = np.abs(found[y : y + height, x : x + width] - exact(pixels, crop, view, side))
        worst.append(float(apart.max()))
        beyond.append(int(np.sum(apart > 0.5 + _ROUNDING)))
        values.append(apart.size)

    case()
    _print(
        check="sampling",
        cases=len(worst),
        values=sum(values),
        max_before_quantizing=max(worst),
        beyond_half_a_level=sum(beyond),
    )


def _measure_after_quantizing(count: int) -> None:
    from tests.support.drawn_renders import crops, frames, views

    differing: list[int] = []
    values: list[int] = []

    @settings(max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=_SLOW)
    @given(frames(), crops(), views(), st.integers(4, 72))
    def case(pixels: NDArray[np.uint8], crop: CropGeometry, view: ViewSpec, side: int) -> None:
        x, y, width, height = view.inner.to_px(side)
        assume(x + width <= side and y + height <= side)
        before = ViewSpec(name="b", inner=view.inner, occlusions=view.occlusions, fill=view.fill)
        plain, found = _rendered(pixels, crop, [before, view], side)
        wanted = squeezed(plain.astype(np.uint8), view, side)
        differing.append(int(np.sum(found != wanted)))
        values.append(found.size)

    case()
    _print(check="after quantizing", cases=len(differing), values=sum(values), differing=sum(differing))


_SLOW = tuple(HealthCheck)


def _rendered(
    pixels: NDArray[np.uint8], crop: CropGeometry, views: Sequence[ViewSpec], side: int
) -> NDArray[np.float32]:
    out = np.full((len(views), 3, side, side), np.nan, np.float32)
    HostKernels().render(pixels, crop, views, InputSpec(side, ChannelOrder.BGR, 0.0, 1.0), out)
    return out.transpose(0, 2, 3, 1)


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
