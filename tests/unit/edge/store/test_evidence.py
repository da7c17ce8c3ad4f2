import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.domain.errors import StoreError, TrustError, UsageError
from edge.domain.match import SubjectRef
from edge.domain.reasons import Reason
from edge.domain.verdict import AttemptId
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing

_NOON = dt.datetime(2026, 11, 1, 12, 30, tzinfo=dt.UTC)
_FACE = b"\x89PNG a face" * 50


def _keep(state: State, *, taken: dt.datetime = _NOON, hours: int = 2, subject: str | None = "p-ada") -> str:
    return state.evidence.keep(
        _FACE,
        attempt=AttemptId("a1"),
        reason=Reason.ADVERSARIAL_INPUT,
        subject=SubjectRef(subject) if subject else None,
        taken=taken,
        hours=hours,
    )


def test_a_kept_picture_is_listed_and_viewed(state: State) -> None:
    id_ = _keep(state)
    (listed,) = state.evidence.list()
    assert (listed.id, listed.subject, listed.taken, listed.reason) == (id_, "p-ada", _NOON, Reason.ADVERSARIAL_INPUT)
    evidence, picture = state.evidence.view(id_)
    assert evidence == listed
    assert picture == _FACE


def test_it_lies_encrypted_under_a_key_of_its_hour(state: State, folder: Path) -> None:
    _keep(state)
    _keep(state, taken=_NOON + dt.timedelta(minutes=20))
    _keep(state, taken=_NOON + dt.timedelta(hours=1))
    assert state.database.read("SELECT count(*) FROM evidence_key") == [(2,)]
    assert all(b"a face" not in file.read_bytes() for file in folder.iterdir())


def test_when_its_time_is_over_key_and_picture_are_gone_from_the_disk(state: State, folder: Path) -> None:
    old, young = _keep(state), _keep(state, taken=_NOON + dt.timedelta(hours=3))
    ((wrapped_key,),) = state.database.read("SELECT wrapped_key FROM evidence_key ORDER BY hour LIMIT 1")
    ((picture,),) = state.database.read("SELECT picture FROM evidence WHERE id = ?", (old,))
    assert state.evidence.purge(_NOON + dt.timedelta(minutes=89)) == 0
    assert state.evidence.purge(_NOON + dt.timedelta(minutes=91)) == 1
    assert [evidence.id for evidence in state.evidence.list()] == [young]
    on_disk = b"".join(file.read_bytes() for file in folder.iterdir())
    assert wrapped_key not in on_disk
    assert picture[:64] not in on_disk
    with pytest.raises(UsageError, match="no evidence"):
        state.evidence.view(old)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence SET subject = 'p-bob'",
        "UPDATE evidence SET subject = NULL",
        "UPDATE evidence SET attempt = 'a2'",
        "UPDATE evidence SET reason = 'held'",
        "UPDATE evidence SET taken = '2026-11-01T12:31:00+00:00'",
        "UPDATE evidence SET picture = zeroblob(60)",
        "UPDATE evidence_key SET wrapped_key = zeroblob(60)",
        "UPDATE evidence SET reason = 'boredom'",
        "UPDATE evidence SET taken = 'soon'",
    ],
)
def test_what_was_altered_or_moved_is_not_shown(state: State, statement: str) -> None:
    id_ = _keep(state)
    state.database._connection.execute(statement)
    with pytest.raises(TrustError):
        state.evidence.view(id_)


def test_what_cannot_go_on_record_is_not_shown(state: State) -> None:
    id_ = _keep(state)

    def fails(_: object) -> object:
        raise StoreError("full", hint="free space")

    state.gallery.register.witness = fails  # type: ignore[assignment] # fails before it answers
    with pytest.raises(StoreError):
        state.evidence.view(id_)


def test_what_cannot_go_on_record_is_not_destroyed_either(state: State) -> None:
    _keep(state)

    def fails(_: object) -> object:
        raise StoreError("full", hint="free space")

    state.gallery.register.witness = fails  # type: ignore[assignment] # fails before it answers
    with pytest.raises(StoreError):
        state.evidence.purge(_NOON + dt.timedelta(days=1))
    assert len(state.evidence.list()) == 1


@pytest.fixture
def rekeyed(state: State, folder: Path, keys: KeyRing) -> Iterator[tuple[State, str]]:
    id_ = _keep(state)
    state.gallery.rekey(b"n" * 32)
    state.close()
    with open_state(folder, KeyRing(signer=keys.signer, gallery_key=b"n" * 32)) as again:
        yield again, id_


def test_it_survives_a_new_gallery_key(rekeyed: tuple[State, str]) -> None:
    state, id_ = rekeyed
    assert state.evidence.view(id_)[1] == _FACE
