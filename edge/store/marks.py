"""A person's mark: a keyed hash over all rows of theirs, so that none can be added, removed, exchanged or put back.

A template, copy or crop stands in it as its nonce. No two records that the gate sealed share one, and nothing else
can be made to open under it, so whoever opens the record as well has proven every byte. The key comes of the person's
data key: the mark outlives a change of the gallery key, and nobody without that key can make one.
"""

import hmac
import itertools
import sqlite3
from collections.abc import Iterator, Mapping

from edge.domain.match import SubjectRef
from edge.store.cipher import NONCE_BYTES
from edge.store.database import Row

MARK_BYTES = 16
_TAG = b"egate-gallery-mark-v1"

_PERSON = (
    "SELECT subject, label, consent_note, created, basis, consented, retain_until"
    " FROM person WHERE ?1 AND (?2 IS NULL OR subject = ?2) ORDER BY subject"
)
_RECORDS: Mapping[str, str] = {
    "templates": (
        "SELECT subject, model_id, model_digest, recipe_digest, precision_class, substr(vector, 1, ?1)"
        " FROM template WHERE ?2 IS NULL OR subject = ?2 ORDER BY subject, model_id, id"
    ),
    "masked": (
        "SELECT subject, family, picture, model_id, model_digest, recipe_digest, precision_class,"
        " substr(vectors, 1, ?1) FROM masked_template WHERE ?2 IS NULL OR subject = ?2"
        " ORDER BY subject, family, picture, model_id, id"
    ),
    "crops": ("SELECT subject, substr(nonce, 1, ?1) FROM crop WHERE ?2 IS NULL OR subject = ?2 ORDER BY subject, id"),
}


class MarkedRows:
    """What marks are made of, read once.

    Args:
        connection: inside a transaction, so that all is of one moment.
        subject: of this person alone; None = everybody.

    Raises:
        sqlite3.Error: SQLite failed.
    """

    def __init__(self, connection: sqlite3.Connection, subject: SubjectRef | None = None) -> None:
        parameters = (NONCE_BYTES, subject)
        self._people = {row[0]: row[1:] for row in connection.execute(_PERSON, parameters)}
        self._records = {name: _by_subject(connection.execute(query, parameters)) for name, query in _RECORDS.items()}

    def mark(self, subject: SubjectRef, data_key: bytes) -> bytes:
        """Return the mark of a person's rows, 16 bytes.

        Raises:
            KeyError: there is no such person.
        """
        digest = hmac.new(hmac.digest(data_key, _TAG, "sha256"), digestmod="sha256")
        digest.update(_packed((subject, *self._people[subject])))
        for name, records in self._records.items():
            own = records.get(subject, ())
            digest.update(_packed((name, len(own))))
            for row in own:
                digest.update(_packed(row))
        return digest.digest()[:MARK_BYTES]


def _by_subject(rows: Iterator[Row]) -> Mapping[str, list[Row]]:
    return {
        subject: [row[1:] for row in own] for subject, own in itertools.groupby(rows, key=lambda row: str(row[0]))
    }


def _packed(row: Row) -> bytes:
    """Return one byte form per row: how many values, and each with its type and length before it."""
    parts = [len(row).to_bytes(2)]
    for value in row:
        content = value if isinstance(value, bytes) else b"" if value is None else str(value).encode()
        parts += [type(value).__name__[:1].encode(), len(content).to_bytes(4), content]
    return b"".join(parts)
