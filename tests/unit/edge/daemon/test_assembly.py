"""Settings become a policy: levels, what they make mandatory, and stills that have none of it.

Every defense is mandatory, and one without numbers lets nobody in.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import edge
from edge.daemon.assembly import DEFAULT_PROFILE, defenses_of, pixel_defenses_of, policy_of, read_profile
from edge.defenses.base import ViewEvidence
from edge.domain.level import Level
from edge.domain.profile import Profile
from edge.domain.reasons import Outcome
from edge.policy.limits import LimitTerms
from edge.settings.load import load_settings
from edge.settings.sections import PolicySection
from edge.trust.profile import load_profile
from tests.support.one_answer_models import face, frame
from tests.support.profiles import a_profile

PROFILE = read_profile(load_settings(environ={}), environment="development")
SECTION = load_settings(environ={}).policy


@pytest.mark.parametrize(
    ("environment", "door", "chosen", "level"),
    [
        ("production", "mqtt-only", None, Level.STANDARD),
        ("production", "none", None, Level.CONVENIENCE),
        ("development", "mqtt-only", None, Level.CONVENIENCE),
        ("production", "mqtt-only", "convenience", Level.CONVENIENCE),
        ("development", "none", "high", Level.HIGH),
    ],
)
def test_a_door_in_production_asks_for_a_second_step_unless_told_otherwise(
    environment: str, door: str, chosen: str | None, level: Level
) -> None:
    environ = {"EDGE__ENVIRONMENT": environment, "EDGE__DOOR__KIND": door}
    assert load_settings(environ=environ | ({"EDGE__POLICY__LEVEL": chosen} if chosen else {})).level is level


@pytest.mark.parametrize("level", Level)
def test_a_camera_has_its_level_limits_and_tick(level: Level) -> None:
    policy = policy_of(SECTION, PROFILE, is_stills=False, level=level)
    assert policy.level is level
    assert policy.tick_ms == SECTION.outcome_tick_ms
    assert policy.limits.of_gate().failures > policy.limits.failures
    assert {"randomize", "squeeze", "agree"} <= policy.frame.mandatory
    assert ("occlude" in policy.frame.mandatory) == (level is Level.HIGH)
    assert len({policy_of(SECTION, PROFILE, is_stills=False, level=other).digest for other in Level}) == len(Level)


def test_nobody_says_a_level_and_it_is_the_strictest() -> None:
    assert policy_of(SECTION, PROFILE, is_stills=False).level is Level.HIGH


def test_a_still_has_no_level_nothing_over_time_and_is_told_at_once() -> None:
    policy = policy_of(SECTION, PROFILE, is_stills=True)
    assert (policy.frames_needed, policy.level, policy.tick_ms) == (1, Level.CONVENIENCE, 0)
    assert policy.sequence_mandatory == frozenset()
    assert policy.limits == LimitTerms(failures=5, window_ms=60_000, hold_ms=10_000)


def test_what_judges_an_attempt_over_time_is_mandatory_for_every_camera() -> None:
    has_replay = any(Path(str(edge.__file__)).parent.rglob("replay*.py"))
    for level in Level:
        policy = policy_of(SECTION, PROFILE, is_stills=False, level=level)
        assert ("replay" in policy.sequence_mandatory) == has_replay


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile(DEFAULT_PROFILE, environment="development")


def test_what_judges_views_and_what_judges_pixels_is_mandatory(profile: Profile) -> None:
    mandatory = policy_of(PolicySection(), profile, is_stills=False, level=Level.STANDARD).frame.mandatory
    assert {"randomize", "squeeze", "agree", "distribution", "sanitize"} <= mandatory
    assert mandatory == {d.name for d in defenses_of(profile)} | {d.name for d in pixel_defenses_of(profile)}


@pytest.mark.parametrize("is_stills", [True, False])
def test_a_profile_without_numbers_leaves_the_defenses_mandatory(is_stills: bool) -> None:
    bare = replace(a_profile(), baselines=(), pixel_limits=None)
    mandatory = policy_of(PolicySection(), bare, is_stills=is_stills).frame.mandatory
    assert {"distribution", "sanitize"} <= mandatory
    distribution = next(d for d in defenses_of(bare) if d.name == "distribution")
    (sanitize,) = pixel_defenses_of(bare)
    rows = np.eye(3, dtype=np.float32)[:1]
    score = np.ones(1)
    evidence = ViewEvidence(views=("plain",), vectors={"a": rows}, scores={"a": score}, fused=score)
    assert distribution.judge(evidence).outcome is Outcome.ERROR
    assert sanitize.judge_pixels(frame().pixels, face()).outcome is Outcome.ERROR


def test_the_digest_of_the_rules_covers_every_defense(profile: Profile) -> None:
    policy = policy_of(PolicySection(), profile, is_stills=False, level=Level.STANDARD)
    fewer = replace(policy.frame, mandatory=policy.frame.mandatory - {"sanitize"})
    assert replace(policy, frame=fewer).digest != policy.digest
