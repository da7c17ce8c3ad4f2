"""Real people before a camera change as no flat picture does, within two seconds; their pictures never do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from calibration.evaluation.clips import Clip, read_clips
from calibration.motion.changes import changes_of, frames_of, recorded_frames
from calibration.motion.presentations import HANDLINGS, RATE_HZ, Handling, Portrait, present
from edge.daemon.assembly import read_profile
from edge.daemon.models import Models, load_models
from edge.defenses.replay import Replay
from edge.domain.motion import FaceChange, ReplayLimits
from edge.domain.reasons import Outcome
from edge.settings.tree import Settings
from edge.vision.detect import FaceDetector

DATA = Path(__file__).parents[3] / "shared" / "data" / "video"
pytestmark = [
    pytest.mark.models,
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no evaluation clips at {DATA}"),
]


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    with load_models(Settings().engine) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def limits() -> ReplayLimits:
    found = read_profile(Settings(), environment="development").replay
    assert found is not None
    return found


@pytest.fixture(scope="module")
def detector(models: Models) -> FaceDetector:
    profile = read_profile(Settings(), environment="development")
    return FaceDetector(models.detector, threshold=profile.detector_threshold)


def clips() -> tuple[Clip, ...]:
    return read_clips(DATA / "people.tsv", DATA) if DATA.is_dir() else ()


def said_after_ms(changes: tuple[FaceChange, ...], limits: ReplayLimits) -> tuple[Outcome | None, float]:
    for count in range(1, len(changes) + 1):
        found = Replay(limits).judge(changes[:count])
        if found is not None:
            return found.outcome, (changes[count - 1].captured_ns - changes[0].captured_ns) / 1e6
    return None, 0.0


@pytest.mark.parametrize("clip", clips()[::5], ids=lambda clip: clip.file.stem)
def test_a_real_person_passes_in_time(clip: Clip, detector: FaceDetector, limits: ReplayLimits) -> None:
    changes = changes_of(recorded_frames(clip.file), detector, most=limits.most_change)
    outcome, ms = said_after_ms(changes, limits)
    assert outcome is Outcome.PASS
    assert ms < 2_000


@pytest.mark.parametrize("handling", HANDLINGS[2:4], ids=lambda handling: handling.name)
def test_a_still_of_a_clip_held_up_fails(handling: Handling, detector: FaceDetector, limits: ReplayLimits) -> None:
    still = next(recorded_frames(DATA / "please.mkv"))
    face = max(detector.find(still), key=lambda face: face.box.area)
    portrait = Portrait(still.pixels.copy(), face.box.center, face.box.width)
    frames = frames_of(present(portrait, handling, face_px=90, seed=7), RATE_HZ)
    outcome, _ = said_after_ms(changes_of(frames, detector, most=limits.most_change), limits)
    assert outcome is Outcome.FAIL
