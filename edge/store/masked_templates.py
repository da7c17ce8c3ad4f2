"""Rows of occluded copies, sealed a picture and family of masks, and opened for the families that are asked for."""

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding
from edge.domain.errors import TrustError
from edge.domain.mask_family import MaskFamily
from edge.domain.masked_template import MaskedTemplate
from edge.domain.match import SubjectRef
from edge.store.cipher import record_place, seal, unseal
from edge.store.database import Row, altered

SELECT_MASKED = (
    "SELECT person.subject, wrapped_key, family, picture, model_id, model_digest, recipe_digest, precision_class,"
    " vectors, (SELECT count(*) FROM template WHERE template.subject = person.subject"
    " AND template.model_id = masked_template.model_id)"
    " FROM person JOIN masked_template ON masked_template.subject = person.subject"
    " ORDER BY person.rowid, family, picture"
)
"""Every row in order of enrollment, family and picture, and how many templates of that model the person has."""

_STORED = np.dtype("<f4")


class SubjectMasked(NamedTuple):
    """One person's copies under one family of masks.

    Attributes:
        subject: whose.
        family: which masks.
        vectors: float32 (pictures, masks, d), read-only; rows of NaN where no face was found again.
    """

    subject: SubjectRef
    family: MaskFamily
    vectors: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"SubjectMasked({self.subject}, {self.vectors.shape})"


def insert_masked(
    connection: sqlite3.Connection, subject: SubjectRef, data_key: bytes, masked: Iterable[MaskedTemplate]
) -> None:
    """Seal and write rows of a person."""
    for row in masked:
        bound = row.binding
        packed = row.vectors.astype(_STORED, copy=False).tobytes()
        sealed = seal(data_key, packed, masked_place(subject, row.family, row.picture, bound))
        connection.execute(
            "INSERT INTO masked_template (subject, family, picture, model_id, model_digest, recipe_digest,"
            " precision_class, vectors) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(subject, row.family, row.picture, bound.model_id, bound.model_digest, bound.recipe_digest),
                *(bound.precision_class, sealed),
            ),
        )


def open_masked(
    rows: Sequence[Row],
    families: Iterable[MaskFamily],
    bindings: Mapping[str, Binding],
    unwrap: Callable[[SubjectRef, bytes], bytes],
) -> tuple[SubjectMasked, ...]:
    """Decrypt the rows of ``SELECT_MASKED``; all must open, and those of ``families`` are returned.

    Copies under masks that nobody asks for any more are no fault: whoever has no others has none.

    Args:
        rows: in the query's order.
        families: those asked for.
        bindings: what their models' embeddings must be bound to, by model id.
        unwrap: gives a person's data key from the wrapped one.

    Raises:
        TrustError: a record does not open, pictures of a family are missing, or it is bound otherwise.
    """
    asked = {family.digest: family for family in families}
    opened = []
    for (subject, wrapped_key), own_rows in itertools.groupby(rows, key=lambda row: row[:2]):
        data_key = unwrap(subject, wrapped_key)
        for digest, family_rows in itertools.groupby(own_rows, key=lambda row: str(row[2])):
            every = list(family_rows)
            packed = [
                unseal(data_key, row[8], masked_place(subject, digest, row[3], Binding(*row[4:8]))) for row in every
            ]
            if (family := asked.get(digest)) is not None:
                _refuse_unbound(every, bindings[family.model_id])
                opened.append(SubjectMasked(subject, family, _stacked(every, packed, len(family.masks))))
    return tuple(opened)


def masked_place(subject: SubjectRef, family: str, picture: int, binding: Binding) -> bytes:
    """Return the associated data of a row: a row moved to another place does not open."""
    return record_place(subject, f"masked-template {picture} {family}", binding)


def _refuse_unbound(rows: Sequence[Row], binding: Binding) -> None:
    if {Binding(*row[4:8]) for row in rows} != {binding}:
        raise TrustError(
            "occluded templates belong to another model, recipe or precision class than the ones that run",
            hint="make them anew: 'edge-gate people rederive', or erase and enroll these people again",
        )


def _stacked(rows: Sequence[Row], packed: Sequence[bytes], masks: int) -> NDArray[np.float32]:
    """Return float32 (pictures, masks, d); every picture of the person must be there, once."""
    if [row[3] for row in rows] != list(range(rows[0][9])):
        raise altered("occluded templates of some of a person's pictures are missing")
    sizes = {len(content) for content in packed}
    if len(sizes) != 1 or (size := sizes.pop()) == 0 or size % (masks * _STORED.itemsize):
        raise altered("occluded templates of one person do not fit together")
    flat = np.frombuffer(b"".join(packed), dtype=_STORED)
    return flat.reshape(len(packed), masks, -1).astype(np.float32, copy=False)
