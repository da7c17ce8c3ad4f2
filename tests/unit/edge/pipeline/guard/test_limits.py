"""Limits of the guard: complete, never weaker than what opens, and wider for more people."""

import tomllib

import pytest
from pydantic import ValidationError

from edge.daemon.models import RECOGNIZERS
from edge.pipeline.guard import limits as limits_module
from edge.pipeline.guard.limits import GuardLimits, shipped_guard_limits
from tests.support.enrollment_looks import LIMITS


def test_the_shipped_limits_name_every_screen() -> None:
    shipped = shipped_guard_limits()
    named = {"unlike", "odd", "gain", "resembles", "between", "hidden", "disagreement"}
    assert set(shipped.limits) == named | {f"squeeze-{model}" for model in RECOGNIZERS}
    assert shipped.limits["unlike"] < 0


def test_the_file_reads_back() -> None:
    assert GuardLimits.model_validate(tomllib.loads(LIMITS.text)) == LIMITS


def test_learning_never_needs_less_than_opening() -> None:
    loose = LIMITS.model_copy(update={"limits": {**LIMITS.limits, "unlike": 0.2}})
    assert loose.limit("unlike", 5) == 0.0


def test_more_people_are_more_chances_of_somebody_alike() -> None:
    assert LIMITS.limit("resembles", 10) == LIMITS.limit("resembles", 1) == 0.45
    assert LIMITS.limit("resembles", 1000) == pytest.approx(0.45 + 0.02 * 4.605, abs=1e-3)
    assert LIMITS.limit("odd", 1000) == 0.2


def test_what_is_not_known_is_not_judged_and_the_rest_is_told_in_words() -> None:
    assert LIMITS.suspicions({"unlike": float("nan"), "gain": 0.1}, 5) == ()
    (told,) = LIMITS.suspicions({"odd": 0.31}, 5)
    assert told.screen == "odd"
    assert "0.31 less like the other pictures" in told.words


@pytest.mark.parametrize(
    "change", [{"people": 1}, {"usual_gain": (0.0,)}, {"usual_own": float("nan")}, {"unknown": 1}, {"growth": -1.0}]
)
def test_a_malformed_file_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        GuardLimits.model_validate(LIMITS.model_dump() | change)


def test_a_missing_file_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.domain.errors import ConfigError

    monkeypatch.setattr(limits_module, "_FILE", "none.toml")
    with pytest.raises(ConfigError) as caught:
        shipped_guard_limits()
    assert caught.value.hint
