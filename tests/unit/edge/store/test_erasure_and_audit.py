"""What the audit chain keeps of a person: a random name that leads nowhere once the person is erased."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path

from edge.domain.embedding import Embedding
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.audit_bodies import decision_body
from edge.store.state import DATABASE_FILE, open_state
from tests.support.audit_chains import KEYS, NOON, seal
from tests.support.messages import IDENTITY, a_verdict

NAME, NOTE = "Ada Lovelace of the erasure test", "paper signed at the desk"


def test_erasing_a_person_keeps_the_chain_whole_and_leaves_a_random_name(
    folder: Path, embed: Callable[..., Embedding]
) -> None:
    message = OutboxMessage(kind=EventKind.DECISION, topic="t", payload=b"{}", priority=0)
    with open_state(folder, KEYS) as state:
        subject = state.gallery.enroll(
            label=NAME,
            consent_note=NOTE,
            created=dt.datetime(2026, 3, 14, tzinfo=dt.UTC),
            templates=[embed(1), embed(2)],
            crops=[b"picture"],
        )
        verdict = dataclasses.replace(a_verdict(), subject=subject)
        for _ in range(4):
            state.ledger.commit(EventKind.DECISION, decision_body(verdict, IDENTITY, NOON), lambda _: message)
        state.outbox.delete([1, 2, 3, 4])
        assert state.segments.close(2, seal) is not None
        before = state.ledger.head()
        state.gallery.erase(subject)
        assert state.ledger.head() == before
        report = state.ledger.verify_chain()
        assert (report.is_whole, report.records) == (True, 4)
        assert all(subject.encode() in record.body for record in state.ledger.records())
        assert state.gallery.people() == ()
    kept = [folder / DATABASE_FILE, *folder.glob(f"{DATABASE_FILE}-*"), *(folder / "audit").iterdir()]
    for file in kept:
        content = file.read_bytes()
        assert NAME.encode() not in content
        assert NOTE.encode() not in content
