import subprocess
import sys
from pathlib import Path

import pytest

from edge.capture.camera_choice import camera_for
from edge.capture.gst_camera import GstCamera
from edge.capture.pyav_camera import PyAVCamera
from edge.capture.source import parse_source
from edge.capture.stills import StillsCamera
from edge.capture.synthetic_camera import SyntheticCamera


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/dev/video0", PyAVCamera),
        ("/dev/video0?decoder=hardware", GstCamera),
        ("rtsp://cam/1", PyAVCamera),
        ("csi:0?size=1920x1080", GstCamera),
        ("{portrait}", StillsCamera),
        ("{folder}", StillsCamera),
        ("synthetic:{portrait}?seed=1", SyntheticCamera),
    ],
)
def test_each_source_has_its_camera(text: str, kind: type, portrait: Path) -> None:
    source = parse_source(text.format(portrait=portrait, folder=portrait.parent))
    assert type(camera_for(source)) is kind


def test_the_child_starts_without_the_heavy_libraries() -> None:
    code = "import sys, edge.capture.child; print([m for m in ('av', 'cv2', 'PIL', 'ssl') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
