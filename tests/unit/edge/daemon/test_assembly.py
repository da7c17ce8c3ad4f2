"""The gate as it is assembled: every defense is mandatory, and one without numbers lets nobody in."""

from dataclasses import replace

import numpy as np
import pytest

from edge.daemon.assembly import DEFAULT_PROFILE, defenses_of, pixel_defenses_of, policy_of
from edge.defenses.base import ViewEvidence
from edge.domain.profile import Profile
from edge.domain.reasons import Outcome
from edge.settings.sections import PolicySection
from edge.trust.profile import load_profile
from tests.support.one_answer_models import face, frame
from tests.support.profiles import a_profile


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile(DEFAULT_PROFILE, environment="development")


def test_what_judges_views_and_what_judges_pixels_is_mandatory(profile: Profile) -> None:
    mandatory = policy_of(PolicySection(), profile, is_stills=False).frame.mandatory
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
    policy = policy_of(PolicySection(), profile, is_stills=False)
    fewer = replace(policy.frame, mandatory=policy.frame.mandatory - {"sanitize"})
    assert replace(policy, frame=fewer).digest != policy.digest
