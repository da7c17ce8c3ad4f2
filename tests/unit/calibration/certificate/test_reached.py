"""Alignments that attackers reached are read as a campaign wrote them; any other line is refused."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from calibration.certificate.reached import ReachedAlignment, read_reached
from edge.domain.errors import UsageError


def _line(**changes: Any) -> str:
    good = {
        "scene_id": "s",
        "shape": "glasses",
        "landmarks_px": 1.0,
        "landmarks_crop_px": 1.0,
        "shift_px": 0.5,
        "rotation_degrees": -2.0,
        "scale": 1.1,
        "transform": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    }
    return json.dumps({k: v for k, v in {**good, **changes}.items() if v is not ...})


def test_a_line_is_an_alignment(tmp_path: Path) -> None:
    path = tmp_path / "reached.jsonl"
    path.write_text(_line() + "\n" + _line(scene_id="t", transform=[[0, -2, 5], [2, 0, 6]], scale=2) + "\n")
    first, second = read_reached(path)
    assert first == ReachedAlignment(
        scene_id="s",
        shape="glasses",
        landmarks_px=1.0,
        landmarks_crop_px=1.0,
        shift_px=0.5,
        rotation_degrees=-2.0,
        scale=1.1,
        transform=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    )
    assert second.transform == ((0.0, -2.0, 5.0), (2.0, 0.0, 6.0))


def test_an_empty_file_holds_none(tmp_path: Path) -> None:
    (tmp_path / "reached.jsonl").touch()
    assert read_reached(tmp_path / "reached.jsonl") == ()


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nonsense",
        "[]",
        "7",
        "[" * 100_000,
        _line(scale=...),
        _line(other=1),
        _line(scene_id=3),
        _line(shape=None),
        _line(shift_px="1"),
        _line(shift_px=True),
        _line(rotation_degrees=math.nan),
        _line(landmarks_px=10**400),
        _line(scale=0.0),
        _line(transform=[[1, 0, 0]]),
        _line(transform=[[1, 0], [0, 1]]),
        _line(transform=[[1, 0, math.inf], [0, 1, 0]]),
        _line(transform=[[1, 0, 0], [0, 0, 0]]),
        _line(transform="abcdef"),
        _line(transform=None),
    ],
)
def test_a_line_that_is_no_record_is_named(bad: str, tmp_path: Path) -> None:
    path = tmp_path / "reached.jsonl"
    path.write_text(_line() + "\n" + bad + "\n")
    with pytest.raises(UsageError, match=r"reached\.jsonl:2") as caught:
        read_reached(path)
    assert caught.value.hint


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_a_usage_error(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "reached.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_reached(path)
    assert caught.value.hint
