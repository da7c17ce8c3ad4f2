"""Which certificates a grant needs: named by the settings, by level high unasked; and what a gate does without."""

import datetime as dt
from dataclasses import replace

import pytest

from edge.daemon.assembly import mandatory_defenses, policy_of
from edge.daemon.certificates_in_force import certificates_asked
from edge.domain.assessment import Assessment
from edge.domain.claim import Claim, Factor
from edge.domain.errors import ConfigError
from edge.domain.face import Quality
from edge.domain.finding import Finding
from edge.domain.level import Level
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import Profile
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptEnd, AttemptId
from edge.policy.decide import AttemptEvidence, Instant, decide
from edge.policy.limits import Limits
from edge.settings.sections import PolicySection
from tests.support.patch_certificates import a_certificate
from tests.support.profiles import a_profile

PROFILE = replace(a_profile(), certificates=(a_certificate(), a_certificate("worn")))
NOW_NS = 10_000_000_000


def section(level: Level = Level.CONVENIENCE, **settings: object) -> PolicySection:
    """Return settings of a level, whether or not they name one of their own yet."""
    made = PolicySection.model_validate(settings)
    object.__setattr__(made, "level", level)
    return made


def names(policy: PolicySection, profile: Profile = PROFILE) -> list[str]:
    return [certificate.name for certificate in certificates_asked(profile, policy)]


def test_below_level_high_none_is_needed_unless_it_is_named() -> None:
    for level in (Level.CONVENIENCE, Level.STANDARD):
        assert names(section(level)) == []
        assert "occlude" not in mandatory_defenses(PROFILE, section(level))
        assert names(section(level, certificate="tiered")) == ["tiered"]
        assert "occlude" in mandatory_defenses(PROFILE, section(level, certificate="tiered"))


def test_level_high_needs_the_default_one_or_those_that_are_named() -> None:
    assert names(section(Level.HIGH)) == ["tiered"]
    assert names(section(Level.HIGH, certificate="worn, tiered,worn")) == ["worn", "tiered"]
    assert mandatory_defenses(PROFILE, section(Level.HIGH)) >= {"randomize", "squeeze", "agree", "occlude"}


@pytest.mark.parametrize(
    ("settings", "profile", "what"),
    [
        ({"certificate": ""}, PROFILE, "is empty"),
        ({"certificate": "nothing"}, PROFILE, "no certificate 'nothing'"),
        ({}, a_profile(), "no certificate 'tiered'"),
        ({"frames_needed": 1}, PROFILE, "2 good frames"),
        ({"certificate": "worn", "frames_needed": 1}, PROFILE, "2 good frames"),
    ],
)
def test_level_high_without_what_it_claims_does_not_start(
    settings: dict[str, object], profile: Profile, what: str
) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        policy_of(section(Level.HIGH, **settings), profile, is_stills=False)
    assert caught.value.exit_code == 3
    assert caught.value.hint


@pytest.mark.parametrize("text", ["Tiered!", "a,b,c,d,e,f,g,h,i", "x" * 80])
def test_names_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="certificate"):
        PolicySection(certificate=text)  # type: ignore[arg-type]  # as a variable gives it


def frame(seq: int, *findings: Finding) -> Assessment:
    match = Match(subject=SubjectRef("ann"), fused=0.8, per_model={"a": 0.8, "b": 0.8})
    return Assessment(
        frame_seq=seq,
        captured_ns=NOW_NS - 100_000_000,
        quality=Quality(width_px=100, sharpness=200, brightness=120, yaw_ratio=0.0),
        screen=match,
        verified=match,
        findings=findings,
    )


def finding(name: str, outcome: Outcome = Outcome.PASS) -> Finding:
    return Finding(defense=name, outcome=outcome, statistic=0.6, threshold=0.5)


def decided(*frames: Assessment, end: AttemptEnd | None = None) -> tuple[Decision, Reason] | None:
    """Decide an attempt at level high, with the badge of the right person."""
    policy = policy_of(section(Level.HIGH), PROFILE, is_stills=False)
    claim = Claim(
        claim_id="c", subject=SubjectRef("ann"), factor=Factor.BADGE, received_ns=0, expires_ns=NOW_NS + 1_000
    )
    sequence = tuple(finding(name) for name in policy.sequence_mandatory)
    evidence = AttemptEvidence(
        attempt_id=AttemptId("t"),
        started_ns=0,
        assessments=frames,
        sequence_findings=sequence,
        claim=claim,
        end=end,
    )
    verdict, _ = decide(evidence, Limits(), Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)), policy)
    return (verdict.decision, verdict.reason) if verdict else None


OTHERS = tuple(finding(name) for name in sorted(mandatory_defenses(PROFILE, section())))
WHOLE = (*OTHERS, finding("occlude"))


def test_two_frames_with_the_certificate_grant() -> None:
    assert decided(frame(1, *WHOLE), frame(2, *WHOLE)) == (Decision.GRANTED, Reason.MATCH)


@pytest.mark.parametrize(
    "lacking",
    [
        OTHERS,
        (*OTHERS, finding("occlude", Outcome.SKIPPED)),
        (*OTHERS, finding("occlude", Outcome.ERROR)),
        (*OTHERS, finding("occlude", Outcome.FAIL)),
        (*WHOLE, finding("occlude")),
        WHOLE[1:],
    ],
)
def test_frames_that_lack_it_grant_nobody_however_many_there_are(lacking: tuple[Finding, ...]) -> None:
    """Of three frames one has the certificate: another one's copies do not make up for what two lack."""
    assert decided(frame(1, *lacking), frame(2, *WHOLE), frame(3, *lacking)) is None
    many = [frame(seq, *lacking) for seq in range(PolicySection().most_verifications)]
    assert decided(*many) is None
    ended = decided(*many, end=AttemptEnd.TIMEOUT)
    assert ended is not None
    assert ended[0] is Decision.DENIED
    assert ended[1] in (Reason.DEFENSE_INCOMPLETE, Reason.ADVERSARIAL_INPUT)


def test_the_same_frame_twice_is_one() -> None:
    assert decided(frame(1, *WHOLE), frame(1, *WHOLE)) is None
