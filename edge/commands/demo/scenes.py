"""The scenes of the demo: what each shows the gate, and how it must end."""

from dataclasses import dataclass
from pathlib import Path

from edge.domain.reasons import Decision, Reason

_FOLDER = Path(__file__).parent
ENROLLED_PORTRAIT = _FOLDER / "portraits" / "astronaut.jpg"
STRANGER_PORTRAIT = _FOLDER / "portraits" / "grace_hopper.jpg"
ADVERSARIAL_PICTURE = _FOLDER / "pictures" / "adversarial.png"

ENROLLED_NAME = "Eileen Collins"
STRANGER_NAME = "Grace Hopper"
NOISE_LEVELS = 8

ENROLLMENT = f"synthetic:{ENROLLED_PORTRAIT}?seed=11&scale=1.1&frames=120&gap_s=0&enter_s=0&stay_s=0"
_VISIT = "scale=1.1&gap_s=0.5&enter_s=1.2&stay_s=0.6&leave_s=1.2"
_HELD_UP = "scale=1.1&gap_s=0.2&enter_s=0.8&stay_s=4&motion=1.5&life=0&frames=150"
_CYCLE_FRAMES, _LAST_FRAMES = 105, 84  # 3.5 s at 30 frames a second; the last visit ends while the person goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One scene.

    Attributes:
        name: for programs.
        title: for people.
        story: one or two sentences on what happens and what it shows.
        source: what the gate's camera sees.
        decision: how every attempt of the scene must end.
        reasons: with one of these.
        attempts: so many attempts there must be.
        has_anomaly: whether an anomaly must be told.
        fools_bare_facenet: whether a gate with the bare FaceNet alone must accept what is shown.
        broker_is_away: whether the broker is taken away for the scene and brought back after it.
    """

    name: str
    title: str
    story: str
    source: str
    decision: Decision
    reasons: frozenset[Reason]
    attempts: int = 1
    has_anomaly: bool = False
    fools_bare_facenet: bool = False
    broker_is_away: bool = False


def all_scenes() -> tuple[Scene, ...]:
    """Return the scenes in order."""
    return (_enrolled(), _stranger(), _adversarial(), _held_up(), _frozen(), _dark(), _broker_away())


def _enrolled() -> Scene:
    return Scene(
        name="enrolled_person",
        title="An enrolled person comes to the door",
        story=f"{ENROLLED_NAME} walks into view, stays a moment and leaves. Two of three frames must match by both "
        "models and pass every defense.",
        source=_visits(ENROLLED_PORTRAIT, seed=3),
        decision=Decision.GRANTED,
        reasons=frozenset({Reason.MATCH}),
    )


def _stranger() -> Scene:
    return Scene(
        name="stranger",
        title="A stranger comes to the door",
        story=f"{STRANGER_NAME} is not enrolled. Neither model knows her, so the cheap pass ends the matter; it is "
        "an ordinary denial and no anomaly.",
        source=_visits(STRANGER_PORTRAIT, seed=5),
        decision=Decision.DENIED,
        reasons=frozenset({Reason.UNKNOWN_PERSON}),
    )


def _adversarial() -> Scene:
    return Scene(
        name="adversarial_picture",
        title="The stranger with adversarial noise",
        story=f"The same stranger, each pixel around her face changed by at most {NOISE_LEVELS} of 255 gray levels, "
        f"optimized against the bare FaceNet until it sees {ENROLLED_NAME}. It is shown as a still picture, for "
        "which one frame decides: a weaker rule than the two of three frames that a live camera needs. The other "
        "model does not fall for it.",
        source=str(ADVERSARIAL_PICTURE),
        decision=Decision.DENIED,
        reasons=frozenset({Reason.MODEL_DISAGREEMENT, Reason.ADVERSARIAL_INPUT}),
        has_anomaly=True,
        fools_bare_facenet=True,
    )


def _held_up() -> Scene:
    return Scene(
        name="held_up_portrait",
        title="The enrolled person's portrait is held up",
        story=f"The very picture of {ENROLLED_NAME}, waved and tilted before the camera. Both models know her and no "
        "view disturbs that, but for three seconds nothing moves in the face that a flat picture does not do.",
        source=f"synthetic:{ENROLLED_PORTRAIT}?seed=3&{_HELD_UP}",
        decision=Decision.DENIED,
        reasons=frozenset({Reason.ADVERSARIAL_INPUT}),
        has_anomaly=True,
    )


def _frozen() -> Scene:
    return Scene(
        name="frozen_feed",
        title="The feed freezes on an enrolled person",
        story=f"The camera repeats one good frame of {ENROLLED_NAME} byte by byte, as a stuck driver or an inserted "
        "recording does. One frame seen many times is one piece of evidence.",
        source=f"synthetic:{ENROLLED_PORTRAIT}?mode=frozen&seed=3&scale=1.1&frames=20",
        decision=Decision.DENIED,
        reasons=frozenset({Reason.FROZEN_FEED}),
        has_anomaly=True,
    )


def _dark() -> Scene:
    return Scene(
        name="dark_frame",
        title="The lens is covered",
        story="Near black, with the sensor's noise. A gate that cannot see denies and says so.",
        source=f"synthetic:{ENROLLED_PORTRAIT}?mode=dark&seed=3&frames=20",
        decision=Decision.DENIED,
        reasons=frozenset({Reason.DARK_FRAME}),
        has_anomaly=True,
    )


def _broker_away() -> Scene:
    return Scene(
        name="broker_away",
        title="The broker goes away and comes back",
        story=f"{ENROLLED_NAME} comes three times while no MQTT broker runs. The gate decides and records; when the "
        "broker is back, all three decisions arrive, in order.",
        source=_visits(ENROLLED_PORTRAIT, seed=2, times=3),
        decision=Decision.GRANTED,
        reasons=frozenset({Reason.MATCH}),
        attempts=3,
        broker_is_away=True,
    )


def _visits(portrait: Path, *, seed: int, times: int = 1) -> str:
    return f"synthetic:{portrait}?seed={seed}&{_VISIT}&frames={_CYCLE_FRAMES * (times - 1) + _LAST_FRAMES}"
