import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.daemon.evidence_keeper import WORTH_KEEPING, EvidenceKeeper
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.settings.keeping import EvidenceSection
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer

_NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
_ON = EvidenceSection(keep=True)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "s", KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(32))) as state:
        yield state


def _seen(keeper: EvidenceKeeper, attempt: str = "a", box: Box | None = None) -> None:
    pixels = np.zeros((480, 640, 3), np.uint8)
    pixels[100:200, 100:200] = 200
    frame = Frame(camera_id="c", seq=1, captured_ns=1, captured_utc=_NOW, pixels=pixels)
    face = Face(frame_seq=1, box=box or Box(100, 100, 100, 100), landmarks=np.zeros((5, 2), np.float32), score=1.0)
    keeper.see(AttemptId(attempt), frame, face)


def _verdict(reason: Reason, subject: str | None = "p-ada", attempt: str = "a") -> Verdict:
    return Verdict(
        attempt_id=AttemptId(attempt),
        decision=Decision.GRANTED if reason is Reason.MATCH else Decision.DENIED,
        reason=reason,
        subject=SubjectRef(subject) if subject else None,
        findings=(),
        frames=1,
        started_ns=0,
        decided_ns=1,
        decided_utc=_NOW,
        policy_digest="p",
    )


def test_the_face_of_an_anomaly_is_kept_where_the_site_wants_it(state: State) -> None:
    keeper = EvidenceKeeper(_ON, state.evidence)
    _seen(keeper)
    keeper.decide(_verdict(Reason.ADVERSARIAL_INPUT))
    (kept,) = state.evidence.list()
    _, png = state.evidence.view(kept.id)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (150, 150, 3)


@pytest.mark.parametrize("reason", sorted(set(Reason) - WORTH_KEEPING))
def test_of_everything_else_nothing_is_kept(state: State, reason: Reason) -> None:
    keeper = EvidenceKeeper(EvidenceSection(keep=True, strangers=True), state.evidence)
    _seen(keeper)
    keeper.decide(_verdict(reason))
    assert state.evidence.list() == ()


@pytest.mark.parametrize("reason", sorted(WORTH_KEEPING))
@pytest.mark.parametrize(
    ("section", "subject", "is_kept"),
    [
        (EvidenceSection(), "p-ada", False),
        (EvidenceSection(), None, False),
        (_ON, "p-ada", True),
        (_ON, None, False),
        (EvidenceSection(keep=True, strangers=True), None, True),
    ],
)
def test_strangers_are_kept_only_where_that_is_set_by_itself(
    state: State, reason: Reason, section: EvidenceSection, subject: str | None, is_kept: bool
) -> None:
    keeper = EvidenceKeeper(section, state.evidence)
    _seen(keeper)
    keeper.decide(_verdict(reason, subject))
    assert len(state.evidence.list()) == is_kept


def test_a_face_is_only_its_own_attempts_and_dropped_with_it(state: State) -> None:
    keeper = EvidenceKeeper(_ON, state.evidence)
    _seen(keeper, "a")
    keeper.decide(_verdict(Reason.ADVERSARIAL_INPUT, attempt="b"))
    keeper.decide(_verdict(Reason.MATCH, attempt="a"))
    keeper.decide(_verdict(Reason.ADVERSARIAL_INPUT, attempt="a"))
    assert state.evidence.list() == ()


def test_attempts_that_never_end_do_not_pile_up(state: State) -> None:
    keeper = EvidenceKeeper(_ON, state.evidence)
    for number in range(50):
        _seen(keeper, f"a{number}")
    assert len(keeper._faces) == 4


@pytest.mark.parametrize("box", [Box(-50, -50, 100, 100), Box(600, 440, 400, 400), Box(-900, -900, 10, 10)])
def test_a_face_at_the_edge_is_cut_off_there(state: State, box: Box) -> None:
    keeper = EvidenceKeeper(_ON, state.evidence)
    _seen(keeper, box=box)
    keeper.decide(_verdict(Reason.ADVERSARIAL_INPUT))
    for kept in state.evidence.list():
        assert state.evidence.view(kept.id)[1]


def test_a_store_that_fails_costs_the_evidence_and_nothing_else(state: State) -> None:
    keeper = EvidenceKeeper(_ON, state.evidence)
    _seen(keeper)
    state.close()
    keeper.decide(_verdict(Reason.ADVERSARIAL_INPUT))
