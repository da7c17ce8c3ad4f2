"""The renderer's twin computes the definition without its fixed point, and gradients reach frames and matrices."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.defenses.randomize import random_views
from engines.catalog import find_spec
from engines.render.base import Pixels
from engines.render.reference import ReferenceRenderer
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec
from tests.support.exact_sampling import exactly_sampled

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

FACENET, SFACE = find_spec("facenet-20180408").input, find_spec("sface-2021dec").input
SMALL = InputSpec(24, ChannelOrder.RGB, 127.5, 1 / 128)
PLACED = Region(0.1, 0.05, 0.8, 0.85)
HOLES = (Region(0.2, 0.3, 0.4, 0.2), Region(0.5, 0.5, 0.3, 0.3))
VIEWS = (
    PLAIN,
    *(ViewSpec(name=f"whole-{s}", squeeze=s) for s in Squeeze),
    *(ViewSpec(name=f"placed-{s}", squeeze=s, inner=PLACED, fill=33) for s in Squeeze),
    *(ViewSpec(name=f"hidden-{s}", squeeze=s, inner=PLACED, occlusions=HOLES, fill=200) for s in Squeeze),
    ViewSpec(name="hole", occlusions=HOLES[:1], fill=127),
)
BITS4_STEP = 17


def pictures(n: int, height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return smooth waves with noise of a few levels on them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / (9 + c) + c) * np.cos(y / 11 - c) for c in range(3)], axis=2)
    return np.clip(128 + 90 * waves + rng.normal(0, 8, (n, height, width, 3)), 0, 255).astype(np.uint8)


def turned(scale: float, degrees: float, center: tuple[float, float], side: int) -> NDArray[np.float64]:
    """Return the matrix of a crop about a frame point."""
    angle = math.radians(degrees)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.hstack([linear, (np.array(center) - linear @ np.full(2, (side - 1) / 2))[:, None]])


def as_frames(pixels: Pixels, dtype: Any = None) -> Any:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).to(dtype or torch.float32)


def twin_levels(
    pixels: Pixels, matrices: NDArray[np.float64], views: Any, spec: InputSpec
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the twin and what the yardstick make, as gray levels (n, v, 3, side, side)."""
    from redteam.twins.renderer import RendererTwin

    got = RendererTwin().render(as_frames(pixels), torch.from_numpy(matrices), views, spec)
    assert got.is_contiguous()
    assert got.dtype == torch.float32
    wanted = np.empty(tuple(got.shape), np.float32)
    for i, frame in enumerate(pixels):
        own = views if isinstance(views[0], ViewSpec) else views[i]
        ReferenceRenderer(exactly_sampled).render(frame, CropGeometry.from_matrix(matrices[i]), own, spec, wanted[i])
    return got.double().numpy() / spec.scale + spec.mean, wanted.astype(np.float64) / spec.scale + spec.mean


def assert_alike(got: NDArray[np.float64], wanted: NDArray[np.float64], views: list[ViewSpec]) -> None:
    difference = np.abs(got - wanted)
    assert difference.mean() < 0.02
    for column, view in enumerate(views):
        most = BITS4_STEP if view.squeeze is Squeeze.BITS4 else 1
        assert difference[:, column].max() <= most + 1e-3, view.name


@pytest.mark.parametrize("spec", [FACENET, SFACE], ids=["facenet", "sface"])
@pytest.mark.parametrize("scale", [0.6, 1.3, 2.4, 3.2])
def test_every_view_is_the_yardsticks_at_real_sizes(spec: InputSpec, scale: float) -> None:
    pixels = pictures(2, 250, 250)
    matrices = np.stack([turned(scale, 25, (120, 130), spec.side), turned(scale, -160, (20, 240), spec.side)])
    got, wanted = twin_levels(pixels, matrices, VIEWS, spec)
    assert_alike(got, wanted, list(VIEWS))


def test_frames_may_have_views_and_decimations_of_their_own() -> None:
    rng = random.Random(3)
    pixels = pictures(4, 90, 120)
    matrices = np.stack([turned(s, 10, (60, 45), SMALL.side) for s in (3.5, 1.0, 2.2, 1.4)])
    views = [[*random_views(rng), VIEWS[1 + i]] for i in range(4)]
    got, wanted = twin_levels(pixels, matrices, views, SMALL)
    for i in range(4):
        assert_alike(got[i : i + 1], wanted[i : i + 1], views[i])


@st.composite
def regions(draw: st.DrawFn) -> Region:
    x, y = draw(st.integers(0, 39)), draw(st.integers(0, 39))
    return Region(x / 40, y / 40, draw(st.integers(1, 40 - x)) / 40, draw(st.integers(1, 40 - y)) / 40)


@st.composite
def view_specs(draw: st.DrawFn) -> ViewSpec:
    return ViewSpec(
        name="any",
        inner=draw(st.one_of(st.just(PLAIN.inner), regions())),
        occlusions=tuple(draw(st.lists(regions(), max_size=2))),
        squeeze=draw(st.sampled_from(Squeeze)),
        fill=draw(st.integers(0, 255)),
    )


@settings(max_examples=60, deadline=None)
@given(
    views=st.lists(view_specs(), min_size=1, max_size=3),
    scale=st.floats(0.1, 5),
    degrees=st.floats(-180, 180),
    center=st.tuples(st.floats(-40, 100), st.floats(-40, 100)),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    seed=st.integers(0, 99),
)
def test_noise_is_the_yardsticks_wherever_the_crop_lies(
    views: list[ViewSpec],
    scale: float,
    degrees: float,
    center: tuple[float, float],
    size: tuple[int, int],
    seed: int,
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (1, *size, 3), np.uint8)
    off_ties = center[0] + 1 / math.pi, center[1] + 1 / math.e  # half a pixel off, every second mean is a tie
    got, wanted = twin_levels(pixels, turned(scale, degrees, off_ties, SMALL.side)[None], views, SMALL)
    for column, view in enumerate(views):
        difference = np.abs(got[:, column] - wanted[:, column])
        assert difference.max() <= (BITS4_STEP if view.squeeze is Squeeze.BITS4 else 1) + 1e-3
        assert (difference > 1e-3).mean() <= 0.02


def test_a_frame_smaller_than_one_block_reads_as_black() -> None:
    got, _ = twin_levels(np.full((1, 3, 3, 3), 255, np.uint8), np.array([[[4.0, 0, 0], [0, 4.0, 0]]]), [PLAIN], SMALL)
    assert np.abs(got).max() < 1e-3


@pytest.mark.parametrize("scale", [0.8, 2.3])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_gradients_reach_frames_and_matrices(view: ViewSpec, scale: float) -> None:
    from redteam.twins.renderer import RendererTwin

    frames = as_frames(pictures(2, 90, 100)).requires_grad_()
    matrices = torch.from_numpy(np.stack([turned(scale, d, (50, 45), SMALL.side) for d in (5, 40)])).requires_grad_()
    rendered = RendererTwin().render(frames, matrices, [PLAIN, view], SMALL)[:, 1]
    weights = torch.randn(rendered.shape, generator=torch.Generator().manual_seed(1))
    (rendered * weights).sum().backward()
    for gradient in (frames.grad, matrices.grad):
        assert torch.isfinite(gradient).all()
        assert (gradient.abs().amax(dim=(1, 2) if gradient.ndim == 3 else (1, 2, 3)) > 0).all()


@pytest.mark.parametrize("scale", [0.8, 2.3])
def test_the_gradient_is_that_of_the_smooth_neighbor(scale: float) -> None:
    from redteam.twins.renderer import RendererTwin

    smooth = RendererTwin(is_exact=False)
    frames = as_frames(pictures(1, 40, 44), torch.float64)
    matrices = torch.from_numpy(turned(scale, 12, (21, 19), SMALL.side)[None])
    weights = torch.randn(len(VIEWS), 3, 24, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def value(picture: Any, matrix: Any, renderer: Any = smooth) -> Any:
        return (renderer.render(picture, matrix, VIEWS, SMALL)[0] * weights).sum()

    picture, matrix = frames.clone().requires_grad_(), matrices.clone().requires_grad_()
    value(picture, matrix).backward()
    towards = torch.randn(frames.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    difference = (value(frames + 1e-3 * towards, matrices) - value(frames - 1e-3 * towards, matrices)) / 2e-3
    assert float(difference) == pytest.approx(float((picture.grad * towards).sum()), rel=1e-6)
    turn = torch.tensor([[[0.001, -0.002, 0.01], [0.002, 0.001, -0.02]]], dtype=torch.float64)
    difference = (value(frames, matrices + 1e-5 * turn) - value(frames, matrices - 1e-5 * turn)) / 2e-5
    assert float(difference) == pytest.approx(float((matrix.grad * turn).sum()), rel=2e-2)
    exact = frames.clone().requires_grad_()
    value(exact, matrices, RendererTwin()).backward()
    torch.testing.assert_close(exact.grad, picture.grad)


@pytest.mark.parametrize(
    ("frames", "matrices", "views"),
    [
        ((1, 1, 8, 8), (1, 2, 3), [PLAIN]),
        ((1, 3, 0, 8), (1, 2, 3), [PLAIN]),
        ((2, 3, 8, 8), (1, 2, 3), [PLAIN]),
        ((1, 3, 8, 8), (1, 2, 3), []),
        ((2, 3, 8, 8), (2, 2, 3), [[PLAIN]]),
        ((2, 3, 8, 8), (2, 2, 3), [[PLAIN], [PLAIN, PLAIN]]),
        ((1, 3, 8, 8), (1, 2, 3), [PLAIN, [PLAIN]]),
    ],
)
def test_what_does_not_fit_is_refused(frames: tuple[int, ...], matrices: tuple[int, ...], views: Any) -> None:
    from redteam.twins.renderer import RendererTwin

    with pytest.raises(ValueError, match=r"frames (must|need)|frames need"):
        RendererTwin().render(torch.ones(frames), torch.eye(3)[:2].expand(matrices), views, SMALL)


def test_a_matrix_without_an_inverse_is_refused() -> None:
    from redteam.twins.renderer import RendererTwin

    with pytest.raises(ValueError, match="invertible"):
        RendererTwin().render(torch.ones(1, 3, 8, 8), torch.zeros(1, 2, 3), [PLAIN], SMALL)
