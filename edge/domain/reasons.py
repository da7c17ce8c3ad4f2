"""The closed vocabulary of decisions and of why a door stayed shut. Values are stable: they go out over MQTT."""

from enum import StrEnum


class Decision(StrEnum):
    """What an attempt ends with. There is no third outcome."""

    GRANTED = "granted"
    DENIED = "denied"


class Reason(StrEnum):
    """Why. ``MATCH`` belongs to a grant alone; every other reason is a denial."""

    MATCH = "match"

    UNKNOWN_PERSON = "unknown_person"
    NO_FACE = "no_face"
    LOW_QUALITY = "low_quality"
    NOT_ENOUGH_FRAMES = "not_enough_frames"
    IDENTITY_CHANGED = "identity_changed"
    MODEL_DISAGREEMENT = "model_disagreement"
    ADVERSARIAL_INPUT = "adversarial_input"
    DEFENSE_INCOMPLETE = "defense_incomplete"
    SECOND_STEP_MISSING = "second_step_missing"
    CHALLENGE_FAILED = "challenge_failed"
    CLAIM_MISMATCH = "claim_mismatch"
    ESCALATED = "escalated"
    HELD = "held"
    LOCKDOWN = "lockdown"
    OUT_OF_SERVICE = "out_of_service"
    TIMEOUT = "timeout"

    EMPTY_GALLERY = "empty_gallery"
    GALLERY_OUTGROWN = "gallery_outgrown"
    EMPTY_POLICY = "empty_policy"
    STALE_FRAME = "stale_frame"
    FROZEN_FEED = "frozen_feed"
    DARK_FRAME = "dark_frame"
    BLANK_FRAME = "blank_frame"
    CAMERA_SWAPPED = "camera_swapped"
    CLOCK_JUMPED = "clock_jumped"
    FAULT_CAMERA = "fault_camera"
    FAULT_ENGINE = "fault_engine"
    FAULT_STORE = "fault_store"
    FAULT_BROKER = "fault_broker"
    FAULT_DOOR = "fault_door"
    FAULT_INTEGRITY = "fault_integrity"
    FAULT_INTERNAL = "fault_internal"


EVERYDAY = frozenset(
    {
        Reason.MATCH,
        Reason.UNKNOWN_PERSON,
        Reason.NO_FACE,
        Reason.LOW_QUALITY,
        Reason.NOT_ENOUGH_FRAMES,
        Reason.SECOND_STEP_MISSING,
        Reason.TIMEOUT,
    }
)
"""Reasons that are everyday life at a door. Every other one is an anomaly that somebody should look at."""


class QualityIssue(StrEnum):
    """Why a face is not judged; a kiosk may show it to the person."""

    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    CUT_OFF = "cut_off"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TURNED_AWAY = "turned_away"


class Outcome(StrEnum):
    """How a defense judged. Only ``PASS`` of every mandatory defense can lead to a grant."""

    PASS = "pass"
    FAIL = "fail"
    SKIPPED = "skipped"
    ERROR = "error"
