"""The alignment's twin gives the gate's crop matrices, with the right gradients."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.domain.face import Box, Face
from edge.vision.align import ARCFACE_TEMPLATE, AlignmentError, crop_geometry, template_to_frame
from edge.vision.quality import yaw_ratio

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

RECIPES = ["box-1.25", "align-112"]


def face(degrees: float, scale: float, center: tuple[float, float], seed: int) -> Face:
    """Return a turned face whose landmarks are a few pixels off the template."""
    rng, angle = np.random.default_rng(seed), math.radians(degrees)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = ARCFACE_TEMPLATE - 56 + rng.normal(0, 3, (5, 2))
    width, height = scale * rng.uniform(60, 90, 2)
    x, y = center
    return Face(
        frame_seq=1,
        box=Box(x - width / 2, y - height / 2, width, height),
        landmarks=(points @ linear.T + center).astype(np.float32),
        score=0.9,
    )


def box_row(of: Face) -> list[float]:
    return [of.box.x, of.box.y, of.box.width, of.box.height]


@settings(deadline=None)
@given(
    degrees=st.floats(-180, 180),
    scale=st.floats(0.3, 6),
    center=st.tuples(st.floats(-100, 1000), st.floats(-100, 1000)),
    seed=st.integers(0, 999),
)
@pytest.mark.parametrize("recipe", RECIPES)
def test_matrices_are_the_gates(
    recipe: str, degrees: float, scale: float, center: tuple[float, float], seed: int
) -> None:
    from redteam.twins.geometry import matrices

    faces = [face(degrees, scale, center, seed), face(7.0, 1.0, (125.0, 120.0), seed)]
    boxes = torch.tensor([box_row(f) for f in faces], dtype=torch.float64)
    landmarks = torch.from_numpy(np.stack([f.landmarks for f in faces])).double()
    got = matrices(recipe, boxes, landmarks)
    wanted = np.stack([crop_geometry(recipe, f).matrix for f in faces])
    assert got.shape == (2, 2, 3)
    np.testing.assert_allclose(got.numpy(), wanted, atol=1e-4)


@pytest.mark.parametrize("recipe", RECIPES)
def test_float32_is_precise_enough(recipe: str) -> None:
    from redteam.twins.geometry import matrices

    one = face(20.0, 1.2, (130.0, 120.0), 5)
    got = matrices(recipe, torch.tensor([box_row(one)]), torch.from_numpy(one.landmarks[None]))
    np.testing.assert_allclose(got[0].numpy(), crop_geometry(recipe, one).matrix, atol=1e-4)


@pytest.mark.parametrize("recipe", RECIPES)
def test_gradients_are_those_of_finite_differences(recipe: str) -> None:
    from redteam.twins.geometry import matrices

    faces = [face(20.0, 1.2, (130.0, 120.0), 5), face(-100.0, 2.0, (300.0, 220.0), 6)]
    boxes = torch.tensor([box_row(f) for f in faces], dtype=torch.float64).requires_grad_()
    landmarks = torch.from_numpy(np.stack([f.landmarks for f in faces])).double().requires_grad_()
    torch.autograd.gradcheck(lambda b, p: matrices(recipe, b, p), (boxes, landmarks))


def test_coinciding_landmarks_give_finite_numbers() -> None:
    from redteam.twins.geometry import landmark_matrices

    points = torch.full((1, 5, 2), 70.0).requires_grad_()
    got = landmark_matrices(points)
    got.sum().backward()
    assert torch.isfinite(got).all()
    assert torch.isfinite(points.grad).all()


def test_an_unknown_recipe_is_refused() -> None:
    from redteam.twins.geometry import matrices

    with pytest.raises(ValueError, match="polar"):
        matrices("polar", torch.ones(1, 4), torch.ones(1, 5, 2))


def about(center: tuple[float, float], degrees: float, scale: float) -> NDArray[np.float64]:
    """Return a matrix that takes the center of a 112 crop to ``center``."""
    angle = math.radians(degrees)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.hstack([linear, (np.array(center) - linear @ [55.5, 55.5])[:, None]])


@settings(deadline=None)
@given(start=st.floats(-170, 170), turn=st.floats(-170, 170), scale=st.floats(0.3, 3), dx=st.floats(-50, 50))
def test_a_shift_is_told_apart_from_a_turn_and_a_scale(start: float, turn: float, scale: float, dx: float) -> None:
    from redteam.twins.geometry import alignment_shift

    clean = torch.from_numpy(about((100, 120), start, 2.0))
    moved = torch.from_numpy(about((100 + dx, 120), start + turn, 2.0 * scale))
    shift = alignment_shift(clean, moved, 112)
    assert shift.shift_px == pytest.approx(abs(dx) / 2, abs=1e-6)
    assert shift.rotation_degrees == pytest.approx(turn, abs=1e-6)
    assert shift.scale == pytest.approx(scale, rel=1e-6)


def test_matrices_that_cannot_be_compared_are_refused() -> None:
    from redteam.twins.geometry import alignment_shift

    good = torch.from_numpy(about((100, 120), 0, 1))
    with pytest.raises(ValueError, match="inverted"):
        alignment_shift(torch.zeros(2, 3), good)
    with pytest.raises(ValueError, match="must be"):
        alignment_shift(good, torch.zeros(1, 2, 3))


@settings(deadline=None)
@given(degrees=st.floats(-180, 180), scale=st.floats(0.3, 6), seed=st.integers(0, 999), spread=st.floats(0, 60))
def test_landmarks_are_refused_where_the_gate_refuses_them(
    degrees: float, scale: float, seed: int, spread: float
) -> None:
    from redteam.twins.geometry import landmark_likeness, yaw_ratios

    scattered = np.random.default_rng(seed).normal(0, spread, (5, 2))
    landmarks = (face(degrees, scale, (125.0, 120.0), seed).landmarks + scattered).astype(np.float32)
    batch = torch.from_numpy(landmarks)[None].double()
    likeness = float(landmark_likeness(batch))
    try:
        template_to_frame(landmarks)
    except AlignmentError:
        assert likeness < 0.5 + 1e-6
    else:
        assert likeness > 0.5 - 1e-6
    assert float(yaw_ratios(batch)) == pytest.approx(yaw_ratio(landmarks), abs=1e-6)
