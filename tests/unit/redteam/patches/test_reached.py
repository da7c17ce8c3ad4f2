"""What attackers did to the alignment: measured right, and written so that it can be read again without a name."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.certificate.reached import ReachedAlignment, read_reached
from edge.domain.errors import UsageError
from edge.vision.align import ARCFACE_TEMPLATE, AlignmentError, template_to_frame

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from redteam.patches.reached import reached_alignment, summary, write_reached

SCENE = "Some_Stranger_0001.Some_Victim"


def _landmarks(degrees: float = 0.0, scale: float = 2.0, x: float = 100.0, y: float = 80.0) -> list[list[float]]:
    angle = math.radians(degrees)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    found: list[list[float]] = ((ARCFACE_TEMPLATE - 55.5) @ linear.T + [x, y]).tolist()
    return found


def _reached(**changes: float) -> ReachedAlignment:
    found = reached_alignment(SCENE, "glasses", _landmarks(), _landmarks(**changes))
    assert found is not None
    return found


@given(
    degrees=st.floats(-40, 40),
    scale=st.floats(1.0, 4.0),
    x=st.floats(60, 140),
    y=st.floats(40, 120),
)
def test_turns_shifts_and_scales_are_measured(degrees: float, scale: float, x: float, y: float) -> None:
    found = _reached(degrees=degrees, scale=scale, x=x, y=y)
    assert found.rotation_degrees == pytest.approx(degrees, abs=1e-3)
    assert found.scale == pytest.approx(scale / 2, rel=1e-4)
    assert found.shift_px == pytest.approx(math.hypot(x - 100, y - 80) / 2, abs=1e-3)
    before, after = (np.array(_landmarks(*args), np.float32) for args in ((), (degrees, scale, x, y)))
    assert found.landmarks_px == pytest.approx(np.linalg.norm(after - before, axis=1).max(), abs=1e-3)
    assert found.landmarks_crop_px == pytest.approx(found.landmarks_px / 2, rel=1e-4)
    carried = template_to_frame(before) @ np.array([*found.transform, (0.0, 0.0, 1.0)])
    np.testing.assert_allclose(carried, template_to_frame(after), atol=1e-3)


def test_an_attack_that_moves_nothing_is_all_zeros() -> None:
    found = _reached()
    assert (found.landmarks_px, found.shift_px, found.rotation_degrees) == pytest.approx((0, 0, 0), abs=1e-9)
    assert found.scale == pytest.approx(1.0)


@pytest.mark.parametrize("attacked", [None, [[3.0, 3.0]] * 5, [[x, -y] for x, y in _landmarks()]])
def test_where_the_gate_aligns_nothing_nothing_is_reached(attacked: list[list[float]] | None) -> None:
    assert reached_alignment("s", "glasses", _landmarks(), attacked) is None


def test_a_clean_face_that_is_none_is_a_fault() -> None:
    with pytest.raises(AlignmentError):
        reached_alignment("s", "glasses", [[3.0, 3.0]] * 5, _landmarks())


def test_what_was_written_is_read_and_names_nobody(tmp_path: Path) -> None:
    records = (_reached(degrees=5.0), _reached(x=103.3), _reached(scale=1.7))
    path = tmp_path / "reached.jsonl"
    write_reached(records, path)
    read = read_reached(path)
    assert [replace(each, scene_id=SCENE) for each in read] == list(records)
    assert len({each.scene_id for each in read}) == 1
    assert not any(name in path.read_text() for name in SCENE.split("."))
    assert len(path.read_text().splitlines()) == 3
    write_reached((), path)
    assert read_reached(path) == ()


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written") as caught:
        write_reached((), tmp_path / "nowhere" / "reached.jsonl")
    assert caught.value.hint


def test_the_summary_counts_either_way_alike() -> None:
    found = summary([_reached(degrees=-9.0), _reached(degrees=3.0), _reached(scale=1.0)])
    assert found["rotation_degrees"].median == pytest.approx(3.0, abs=1e-3)
    assert found["rotation_degrees"].most == pytest.approx(9.0, abs=1e-3)
    assert found["scale"].most == pytest.approx(2.0, rel=1e-4)
    assert found["shift_px"].most == pytest.approx(0.0, abs=1e-3)
    assert set(found) == {"landmarks_px", "landmarks_crop_px", "shift_px", "rotation_degrees", "scale"}
    assert summary([]) == {}
