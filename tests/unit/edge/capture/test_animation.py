"""A GIF that moves is a video, a still one a picture, a broken one a picture that will say why."""

from pathlib import Path

import pytest
from PIL import Image

from edge.capture.source import SourceKind, parse_source


def gif(folder: Path, frames: int) -> Path:
    path = folder / "x.gif"
    pictures = [Image.new("L", (64, 48), 40 * i) for i in range(frames)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=80)
    return path


@pytest.mark.parametrize(("frames", "kind"), [(1, SourceKind.PICTURE), (3, SourceKind.VIDEO)])
def test_by_the_number_of_frames(tmp_path: Path, frames: int, kind: SourceKind) -> None:
    assert parse_source(str(gif(tmp_path, frames))).kind is kind


@pytest.mark.parametrize("content", [b"GIF89a", b"GIF89a" + bytes(40)])
def test_a_broken_one_is_a_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.gif"
    path.write_bytes(content)
    assert parse_source(str(path)).kind is SourceKind.PICTURE


def test_in_a_folder_it_stays_a_picture(tmp_path: Path) -> None:
    gif(tmp_path, 3)
    assert parse_source(str(tmp_path)).kind is SourceKind.FOLDER
