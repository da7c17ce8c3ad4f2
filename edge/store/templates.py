"""Turns template rows into vectors, after making sure that each may be compared with the running models."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.store.cipher import record_place, unseal
from edge.store.database import Row

SELECT_TEMPLATES = (
    "SELECT person.subject, wrapped_key, model_id, model_digest, recipe_digest, precision_class, vector"
    " FROM person LEFT JOIN template ON template.subject = person.subject"
    " ORDER BY person.rowid, model_id, template.id"
)
"""Every template in order of enrollment, model and age; a person without templates gives one row of NULLs."""

_STORED = np.dtype("<f4")


class SubjectTemplates(NamedTuple):
    """One person's templates of one model.

    Attributes:
        subject: whose.
        model_id: of which model.
        vectors: float32 (n, d), unit rows, read-only.
    """

    subject: SubjectRef
    model_id: str
    vectors: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"SubjectTemplates({self.subject}, {self.model_id}, {self.vectors.shape})"


def pack_vector(vector: NDArray[np.float32]) -> bytes:
    """Return a float32 (d,) vector as little-endian bytes."""
    return vector.astype(_STORED, copy=False).tobytes()


def open_templates(
    rows: Sequence[Row], bindings: Mapping[str, Binding], unwrap: Callable[[SubjectRef, bytes], bytes]
) -> tuple[SubjectTemplates, ...]:
    """Decrypt the rows of ``SELECT_TEMPLATES``.

    Args:
        rows: in the query's order.
        bindings: the only ones accepted, by model id; everybody must have templates of each.
        unwrap: gives a person's data key from the wrapped one.

    Raises:
        TrustError: a row is bound otherwise, a person lacks a model, or a record does not open.
    """
    _refuse_unbound(rows, bindings)
    opened = []
    for (subject, wrapped_key), own_rows in itertools.groupby(rows, key=lambda row: row[:2]):
        data_key = unwrap(subject, wrapped_key)
        for model_id, model_rows in itertools.groupby(own_rows, key=lambda row: str(row[2])):
            place = record_place(subject, "template", bindings[model_id])
            vectors = _stack([unseal(data_key, row[6], place) for row in model_rows])
            opened.append(SubjectTemplates(subject, model_id, vectors))
    return tuple(opened)


def _refuse_unbound(rows: Sequence[Row], bindings: Mapping[str, Binding]) -> None:
    accepted = set(bindings.values())
    people = refused = 0
    for _, own_rows in itertools.groupby(rows, key=lambda row: row[0]):
        people += 1
        refused += {Binding(*row[2:6]) for row in own_rows} != accepted
    if refused:
        raise TrustError(
            f"templates of {refused} of {people} enrolled people are missing, or belong to another model, recipe or"
            " precision class than the ones that run",
            hint="erase and enroll these people again: 'edge-gate people erase', 'edge-gate people enroll'",
        )


def _stack(packed: Sequence[bytes]) -> NDArray[np.float32]:
    if len({len(vector) for vector in packed}) != 1:
        raise TrustError("templates of one person and model differ in length", hint="enroll this person again")
    vectors = np.frombuffer(b"".join(packed), dtype=_STORED).reshape(len(packed), -1)
    return vectors.astype(np.float32, copy=False)
