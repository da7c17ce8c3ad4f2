"""A recording against every challenge: all are counted, and one of a fixed order passes its own alone."""

from calibration.motion.replayed_challenge import TimedPose, every_draw, replayed
from edge.domain.challenge import Movement
from edge.pipeline.challenge import ChallengeTerms
from edge.vision.pose import HeadPose

TERMS = ChallengeTerms(movements=3, movement_ms=4_000, total_ms=15_000, hold_ms=250, turn_deg=18, nod_deg=12)
STRAIGHT = HeadPose(0, 0)
TURNED = {
    Movement.TURN_LEFT: HeadPose(27, 0),
    Movement.TURN_RIGHT: HeadPose(-27, 0),
    Movement.LOOK_UP: HeadPose(0, 18),
    Movement.LOOK_DOWN: HeadPose(0, -18),
}


def recording(*movements: Movement) -> tuple[TimedPose, ...]:
    poses = [STRAIGHT] * 15
    for movement in movements:
        poses += [TURNED[movement]] * 15 + [STRAIGHT] * 15
    return tuple((number * 33_333_333, pose) for number, pose in enumerate(poses))


def test_every_draw_is_there_once() -> None:
    assert len(set(every_draw(3))) == len(list(every_draw(3))) == 36
    assert len(list(every_draw(4))) == 108


def test_a_still_recording_passes_nothing() -> None:
    assert replayed(recording(), TERMS).passed == 0


def test_a_recording_of_a_challenge_passes_that_one_from_its_beginning() -> None:
    found = replayed(recording(Movement.TURN_LEFT, Movement.LOOK_UP, Movement.TURN_RIGHT), TERMS)
    assert found.tries == 36 * 4
    assert 1 <= found.passed <= 4
