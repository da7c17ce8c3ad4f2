"""Decisions are kept until they are sent, are only what the reviewer saw, and are signed as one entry."""

import datetime as dt
import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.clock import SystemClock
from edge.domain.errors import EdgeError, StoreError, TrustError, UsageError
from tests.support.datasets import TrialDataset, facts, sha_of, signer_of
from training.manifest.entries import Relabeled
from training.manifest.standing import Status
from training.review.draft import DraftFile, Move
from training.review.session import ReviewSession, digest_of_shown
from training.roles.role import Role


@pytest.fixture
def trial(tmp_path: Path) -> TrialDataset:
    made = TrialDataset(tmp_path / "data").founded()
    made.contribute(*(facts(number) for number in range(1, 6)))
    made.vet(range(1, 6), found=[2])
    return made


def session_of(trial: TrialDataset, name: str = "rita") -> ReviewSession:
    return ReviewSession(trial.folder, signer_of(name), SystemClock())


def decide(session: ReviewSession, number: int, *, approves: bool = True, reason: str = "") -> None:
    seen = digest_of_shown(session.stands.pictures[sha_of(number)])
    session.decide(sha_of(number), approves=approves, reason=reason or ("" if approves else "odd"), seen=seen)


def draft_of(trial: TrialDataset, name: str = "rita") -> Path:
    return trial.folder / f".review-{signer_of(name).key_id}.json"


def lines_of(trial: TrialDataset) -> list[bytes]:
    return trial.log.path.read_bytes().splitlines()


def test_all_decisions_become_one_signed_entry(trial: TrialDataset) -> None:
    before = len(lines_of(trial))
    with session_of(trial).open() as session:
        decide(session, 1)
        decide(session, 2)
        decide(session, 3, approves=False, reason="shows somebody else")
        assert session.send(session.revision) == 3
        assert not session.decisions
    assert len(lines_of(trial)) == before + 1
    body = json.loads(lines_of(trial)[-1])["body"]
    assert body["author"] == "rita"
    told = {decision["sha256"]: (decision["approves"], decision["reason"]) for decision in body["entry"]["decisions"]}
    assert told == {
        sha_of(1): (True, "looked at it"),
        sha_of(2): (True, "looked at it, and at what was found: labels"),
        sha_of(3): (False, "shows somebody else"),
    }
    assert not draft_of(trial).exists()


def test_two_reviewers_make_a_picture_trusted(trial: TrialDataset) -> None:
    for name, status in (("rita", Status.VETTED), ("ralf", Status.TRUSTED)):
        with session_of(trial, name).open() as session:
            assert sha_of(1) in session.waiting
            decide(session, 1)
            session.send(session.revision)
            assert sha_of(1) not in session.waiting
        assert trial.log.read().pictures[sha_of(1)].status is status


def test_decisions_outlive_the_page_and_are_private(trial: TrialDataset) -> None:
    with session_of(trial).open() as session:
        decide(session, 1)
        decide(session, 2, approves=False)
    assert stat.S_IMODE(draft_of(trial).stat().st_mode) == 0o600
    with session_of(trial).open() as session:
        assert [move.approves for move in session.decisions.values()] == [True, False]
    with session_of(trial, "ralf").open() as session:
        assert not session.decisions


def test_undo_goes_back_to_what_was_decided_before(trial: TrialDataset) -> None:
    with session_of(trial).open() as session:
        decide(session, 1)
        decide(session, 1, approves=False)
        assert session.undo() == sha_of(1)
        assert session.decisions[sha_of(1)].approves
        assert session.undo() == sha_of(1)
        assert session.undo() == ""
        assert not draft_of(trial).exists()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(1, 5), st.booleans()) | st.none(), max_size=12))
def test_the_draft_is_always_what_was_done_last(trial: TrialDataset, moves: list[tuple[int, bool] | None]) -> None:
    done: list[tuple[int, bool]] = []
    with session_of(trial).open() as session:
        for move in moves:
            if move is None:
                session.undo()
                done = done[:-1]
            else:
                decide(session, move[0], approves=move[1])
                done.append(move)
        expected = {sha_of(number): approves for number, approves in done}
        assert {sha: move.approves for sha, move in session.decisions.items()} == expected
    with session_of(trial).open() as again:
        assert {sha: move.approves for sha, move in again.decisions.items()} == expected
        while again.undo():
            pass


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "a\u202eb", "a\x00b"])
def test_a_rejection_needs_a_reason_that_shows(trial: TrialDataset, reason: str) -> None:
    seen = digest_of_shown(trial.log.read().pictures[sha_of(1)])
    with session_of(trial).open() as session, pytest.raises(UsageError):
        session.decide(sha_of(1), approves=False, reason=reason, seen=seen)


def test_the_rules_of_the_log_decide(trial: TrialDataset) -> None:
    trial.appoint("rita", Role.REVIEWER, Role.CONTRIBUTOR)
    trial.contribute(facts(8), author="rita")
    trial.contribute(facts(9))
    trial.vet([8])
    with session_of(trial).open() as session:
        assert not {sha_of(8), sha_of(9)} & session.waiting
        for number, words in ((8, "cannot review it"), (9, "not vetted")):
            with pytest.raises(TrustError, match=words):
                decide(session, number)
        with pytest.raises(TrustError, match="not in this dataset"):
            session.decide(sha_of(77), approves=True, reason="", seen="0" * 64)


def test_only_reviewers_get_a_page(trial: TrialDataset) -> None:
    with pytest.raises(TrustError, match="may not review"):
        session_of(trial, "carl")
    with pytest.raises(TrustError, match="belongs to nobody"):
        session_of(trial, "stranger")


def test_what_was_not_seen_is_not_decided(trial: TrialDataset) -> None:
    with session_of(trial).open() as session:
        seen = digest_of_shown(session.stands.pictures[sha_of(1)])
        trial.vet([1], found=[1])
        with pytest.raises(UsageError, match="anew"):
            session.decide(sha_of(1), approves=True, reason="", seen=seen)


def test_a_decision_on_what_changed_since_is_dropped_and_told(trial: TrialDataset) -> None:
    with session_of(trial).open() as session:
        decide(session, 1)
        decide(session, 2)
        decide(session, 3)
        trial.write("cora", Relabeled(sha256=sha_of(1), subject="Else", reason="wrong"))
        trial.vet([3], found=[3])
        assert session.stands.pictures[sha_of(1)].facts.subject == "Else"
        assert list(session.decisions) == [sha_of(2)]
        assert "not vetted" in session.dropped[sha_of(1)]
        assert "anew" in session.dropped[sha_of(3)]
    with session_of(trial).open() as session:
        assert list(session.decisions) == [sha_of(2)]


def test_what_was_sent_but_not_cleared_is_not_sent_twice(trial: TrialDataset) -> None:
    with session_of(trial).open() as session:
        decide(session, 1)
        decide(session, 1, approves=False)
        kept = draft_of(trial).read_bytes()
        session.send(session.revision)
    draft_of(trial).write_bytes(kept)  # as a kill between both leaves it
    with session_of(trial).open() as session:
        assert not session.decisions
        assert not session.dropped


def test_only_the_draft_that_was_shown_is_sent(trial: TrialDataset) -> None:
    with session_of(trial).open() as session:
        with pytest.raises(UsageError, match="nothing is decided"):
            session.send(session.revision)
        decide(session, 1)
        shown = session.revision
        decide(session, 2)
        with pytest.raises(UsageError, match="changed since"):
            session.send(shown)
        assert len(session.decisions) == 2


def test_an_entry_that_did_not_see_the_newest_line_is_refused(trial: TrialDataset) -> None:
    head = trial.log.read().head
    trial.contribute(facts(9))
    stale = trial.log.read()
    with pytest.raises(UsageError, match="meanwhile"):
        trial.log.append(
            Relabeled(sha256=sha_of(1), subject="Else", reason="x"),
            signer=signer_of("cora"),
            clock=SystemClock(),
            seen=head,
        )
    assert trial.log.read() == stale


def test_one_page_a_reviewer(trial: TrialDataset) -> None:
    with session_of(trial).open():
        with pytest.raises(UsageError, match="already"), session_of(trial).open():
            pass
        with session_of(trial, "ralf").open():
            pass


def test_nobody_decides_in_anothers_draft(trial: TrialDataset) -> None:
    move = Move(
        sha256=sha_of(1), approves=True, reason="x", seen=digest_of_shown(trial.log.read().pictures[sha_of(1)])
    )
    DraftFile(trial.folder, signer_of("carl"), trial.log.hash_at(0)).write([move])
    draft_of(trial, "carl").rename(draft_of(trial))
    with pytest.raises(TrustError, match="not written by you"), session_of(trial).open():
        pass


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"body": {}, "signature": ""}'])
def test_a_malformed_draft_is_refused_with_a_hint(trial: TrialDataset, content: bytes) -> None:
    draft_of(trial).write_bytes(content)
    with pytest.raises(TrustError, match="malformed") as caught, session_of(trial).open():
        pass
    assert "delete it" in caught.value.hint


def test_a_draft_of_another_dataset_is_refused(trial: TrialDataset, tmp_path: Path) -> None:
    with session_of(trial).open() as session:
        decide(session, 1)
    other = TrialDataset(tmp_path / "other")
    other.clock.now_utc += dt.timedelta(seconds=60)
    other.founded()
    draft_of(trial).rename(draft_of(other))
    with pytest.raises(TrustError, match="another dataset"), session_of(other).open():
        pass


def test_a_log_that_is_cut_off_under_the_page_is_found(trial: TrialDataset) -> None:
    with session_of(trial).open() as session:
        decide(session, 1)
        whole = trial.log.path.read_bytes().splitlines(keepends=True)
        trial.log.path.write_bytes(b"".join(whole[:-1]))
        with pytest.raises(TrustError, match="replaced"):
            session.send(session.revision)
        trial.log.path.unlink()
        with pytest.raises(StoreError):
            _ = session.stands


def test_a_full_disk_loses_no_decision(trial: TrialDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    with session_of(trial).open() as session:
        decide(session, 1)

        def refuse(*_: object, **__: object) -> None:
            raise StoreError("it is full", hint="free space")

        with monkeypatch.context() as patched:
            patched.setattr("training.review.draft.replace_file", refuse)
            with pytest.raises(EdgeError, match="full"):
                decide(session, 2)
        assert list(session.decisions) == [sha_of(1)]
