"""Counting faces found against faces counted."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.evaluation.detector import evaluate_detector, read_counts
from edge.domain.errors import ConfigError, PictureError, UsageError
from edge.domain.face import Box, Face
from edge.domain.frame import Frame

LANDMARKS = np.zeros((5, 2), np.float32)


class GrayIsCount:
    """Finds as many faces as the picture's gray level says."""

    def find(self, frame: Frame) -> tuple[Face, ...]:
        count = int(frame.pixels[0, 0, 0])
        return tuple(
            Face(frame_seq=1, box=Box(i, 0, 1, 1), landmarks=LANDMARKS, score=0.9 - i / 100) for i in range(count)
        )


def folder(path: Path, **found: int) -> Path:
    for name, count in found.items():
        cv2.imwrite(str(path / f"{name}.png"), np.full((48, 64, 3), count, np.uint8))
    return path


def table(path: Path, text: str) -> Path:
    file = path / "table.tsv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_picture_with_too_many_does_not_make_up_for_one_with_too_few(tmp_path: Path) -> None:
    images = folder(tmp_path, a=2, b=5, c=9)
    counts = table(tmp_path, "file\tfaces\tcounted_by\na.png\t3\teye\nb.png\t4\teye\n")
    report = evaluate_detector(images, counts, GrayIsCount())
    assert (report.pictures, report.faces_counted, report.faces_found, report.false_faces) == (2, 7, 6, 1)
    assert report.recall == pytest.approx(6 / 7)
    assert report.recall_ci95 is not None
    assert report.recall_ci95.low < 6 / 7 < report.recall_ci95.high
    assert [(r.file, r.width_px, r.height_px, r.found) for r in report.records] == [
        ("a.png", 64, 48, 2),
        ("b.png", 64, 48, 5),
    ]
    assert report.records[0].least_score == pytest.approx(0.89)


def test_a_table_of_kinds_gives_its_plain_pictures(tmp_path: Path) -> None:
    images = folder(tmp_path, room=0, dog=1)
    counts = table(tmp_path, "file\tkind\nroom.png\tplain\ndog.png\tfacelike\n")
    report = evaluate_detector(images, counts, GrayIsCount())
    assert (report.pictures, report.false_faces, report.recall, report.recall_ci95) == (1, 0, None, None)


def test_without_a_table_every_face_is_false(tmp_path: Path) -> None:
    report = evaluate_detector(folder(tmp_path, a=1, b=2), None, GrayIsCount())
    assert (report.pictures, report.false_faces) == (2, 3)


@pytest.mark.parametrize("text", ["file\tother\na\tb\n", "file\tfaces\na.png\tmany\n", "kind\nplain\n"])
def test_a_table_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_counts(table(tmp_path, text))
    assert caught.value.hint


def test_a_table_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_counts(tmp_path / "none.tsv")


def test_no_pictures_are_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        evaluate_detector(tmp_path, None, GrayIsCount())
    with pytest.raises(UsageError):
        evaluate_detector(tmp_path / "gone", None, GrayIsCount())


def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"gone\.png"):
        evaluate_detector(tmp_path, table(tmp_path, "file\tfaces\ngone.png\t1\n"), GrayIsCount())
