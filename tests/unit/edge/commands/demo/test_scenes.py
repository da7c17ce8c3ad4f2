"""The scenes and the pictures that ship with them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from edge.capture.camera_choice import camera_for
from edge.capture.picture import read_picture
from edge.capture.source import parse_source
from edge.commands.demo.scenes import (
    ADVERSARIAL_PICTURE,
    ENROLLED_PORTRAIT,
    ENROLLMENT,
    NOISE_LEVELS,
    STRANGER_PORTRAIT,
    Scene,
    all_scenes,
)
from edge.domain.reasons import EVERYDAY, Decision, Reason


def test_scenes_are_the_ones_of_the_demo_in_order() -> None:
    assert [scene.name for scene in all_scenes()] == [
        "enrolled_person",
        "stranger",
        "adversarial_picture",
        "held_up_portrait",
        "frozen_feed",
        "dark_frame",
        "broker_away",
    ]


@pytest.mark.parametrize("scene", all_scenes(), ids=lambda scene: scene.name)
def test_a_scene_can_be_shown_and_does_not_contradict_itself(scene: Scene) -> None:
    camera = camera_for(parse_source(scene.source))
    camera.open()
    raw = camera.read()
    camera.close()
    assert raw is not None
    assert raw.pixels.shape == (480, 640, 3)
    assert (scene.decision is Decision.GRANTED) == (Reason.MATCH in scene.reasons)
    assert scene.has_anomaly == bool(scene.reasons - EVERYDAY)
    assert scene.title
    assert scene.story


def test_enrollment_is_another_recording_than_any_scene() -> None:
    assert parse_source(ENROLLMENT).options not in {parse_source(scene.source).options for scene in all_scenes()}


@pytest.mark.parametrize("portrait", [ENROLLED_PORTRAIT, STRANGER_PORTRAIT], ids=lambda path: path.name)
def test_portraits_are_small_and_their_origin_is_stated(portrait: Path) -> None:
    assert portrait.stat().st_size < 80_000
    with Image.open(portrait) as picture:
        assert picture.format == "JPEG"
        assert not picture.getexif()
    stated = (portrait.parent / "README.md").read_text(encoding="utf-8")
    assert f"`{portrait.name}`" in stated
    assert "public domain" in stated


def test_the_adversarial_picture_is_the_stranger_with_no_more_noise_than_said() -> None:
    picture = read_picture(ADVERSARIAL_PICTURE)
    assert picture.shape == (480, 640, 3)
    assert ADVERSARIAL_PICTURE.read_bytes().startswith(b"\x89PNG")
    clean = cv2.resize(read_picture(STRANGER_PORTRAIT), (410, 480), interpolation=cv2.INTER_AREA)
    noise = np.abs(picture[:, 115:525].astype(int) - clean)
    assert 0 < noise.max() <= NOISE_LEVELS
    assert (picture[:, :115] == 96).all()
    assert (picture[:, 525:] == 96).all()
