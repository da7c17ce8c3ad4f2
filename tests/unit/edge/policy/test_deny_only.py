"""One more defense can deny and never grant: no finding of the learned detector helps anybody in."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.finding import Finding
from edge.domain.reasons import Outcome
from tests.unit.edge.policy.test_decide import GRANT, MANDATORY, POLICY, evidence, good, outcome

WITH_DETECTOR = replace(POLICY, frame=replace(POLICY.frame, mandatory=frozenset({*MANDATORY, "detector"})))
_numbers = st.floats(allow_nan=True, allow_infinity=True)


def _finding(defense: str) -> st.SearchStrategy[Finding]:
    def made(outcome: Outcome, statistic: float, threshold: float) -> Finding:
        is_number = math.isfinite(statistic) and math.isfinite(threshold)
        said = Outcome.ERROR if outcome is Outcome.PASS and not is_number else outcome
        return Finding(defense=defense, outcome=said, statistic=statistic, threshold=threshold)

    return st.builds(made, st.sampled_from(Outcome), _numbers, _numbers)


_others = st.tuples(*(st.lists(_finding(name), min_size=0, max_size=2) for name in MANDATORY))


@given(frames=st.lists(st.tuples(_others, st.lists(_finding("detector"), max_size=2)), min_size=1, max_size=3))
def test_what_is_denied_without_the_detector_is_denied_with_it(
    frames: list[tuple[tuple[list[Finding], ...], list[Finding]]],
) -> None:
    without, with_it = [], []
    for seq, (others, detector) in enumerate(frames, start=1):
        rest = tuple(finding for some in others for finding in some)
        without.append(replace(good(seq), findings=rest))
        with_it.append(replace(good(seq), findings=(*rest, *detector)))
    if outcome(evidence(*without)) != GRANT:
        assert outcome(evidence(*with_it), policy=WITH_DETECTOR) != GRANT
        assert outcome(evidence(*with_it)) != GRANT


@given(said=_finding("detector"))
def test_only_a_pass_of_the_detector_lets_good_frames_grant(said: Finding) -> None:
    frames = [replace(good(seq), findings=(*good(seq).findings, said)) for seq in (1, 2)]
    assert (outcome(evidence(*frames), policy=WITH_DETECTOR) == GRANT) == (said.outcome is Outcome.PASS)


def test_a_detector_that_said_nothing_denies() -> None:
    assert outcome(evidence(good(1), good(2)), policy=WITH_DETECTOR) != GRANT
