"""All that is stored of a person, without key or reference of this gate: as they are enrolled, and as they leave it.

Embeddings can be turned back into faces. A record of them is as sensitive as the pictures; it is made to be sealed.
"""

import base64
import datetime as dt
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.domain.consent import ConsentBasis, RetentionTerms
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import TrustError, UsageError
from edge.domain.label import check_name, check_note
from edge.domain.masked_template import MaskedTemplate
from edge.domain.match import SubjectRef
from edge.store.cipher import record_place, unseal
from edge.store.masked_templates import masked_place
from edge.store.person import SELECT_PEOPLE, opened_person

_STORED = np.dtype("<f4")
_FORMAT = "egate-person-v1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonContents:
    """All that is stored of a person, opened.

    Attributes:
        label: display name.
        consent_note: what the consent is and where.
        terms: what permits the enrollment, and until when.
        templates: at least one.
        masked: of occluded copies.
        crops: enrollment pictures (PNG).
    """

    label: str = field(repr=False)
    consent_note: str = field(repr=False)
    terms: RetentionTerms
    templates: Sequence[Embedding] = field(repr=False)
    masked: Sequence[MaskedTemplate] = field(repr=False)
    crops: Sequence[bytes] = field(repr=False)

    def record(self) -> Mapping[str, object]:
        """Return the JSON object."""
        terms = self.terms
        return {
            "format": _FORMAT,
            "label": self.label,
            "consent_note": self.consent_note,
            "basis": terms.basis.value,
            "consented": terms.consented.isoformat() if terms.consented else None,
            "retain_until": terms.retain_until.isoformat() if terms.retain_until else None,
            "templates": [{"binding": _bound(t.binding), "vector": _packed(t.vector)} for t in self.templates],
            "masked": [
                {
                    "binding": _bound(m.binding),
                    "family": m.family,
                    "picture": m.picture,
                    "masks": len(m.vectors),
                    "vectors": _packed(m.vectors),
                }
                for m in self.masked
            ],
            "crops": [base64.b64encode(crop).decode() for crop in self.crops],
        }

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> "PersonContents":
        """Return the person of a JSON object.

        Raises:
            TrustError: it is none that ``record`` made.
        """
        try:
            return cls(
                label=check_name({_FORMAT: record["label"]}[record["format"]]),
                consent_note=check_note(record["consent_note"]),
                terms=RetentionTerms(
                    basis=ConsentBasis(record["basis"]),
                    consented=_moment(record["consented"]),
                    retain_until=_moment(record["retain_until"]),
                ),
                templates=[Embedding(Binding(*t["binding"]), _unpacked(t["vector"])) for t in record["templates"]],
                masked=[_masked(m) for m in record["masked"]],
                crops=[base64.b64decode(crop, validate=True) for crop in record["crops"]],
            )
        except Exception as error:
            raise TrustError(
                f"a record is none that this version exports: {type(error).__name__}",
                hint="export it anew, with the version of edge-gate that runs here",
            ) from error


def transferred(connection: sqlite3.Connection, subject: SubjectRef, data_key: bytes) -> PersonContents:
    """Return a person's rows, opened.

    Raises:
        UsageError: there is no such person.
        TrustError: a record does not open.
    """
    rows = [row for row in connection.execute(SELECT_PEOPLE) if row[0] == subject]
    if not rows:
        raise UsageError("nobody has this reference", hint="see 'edge-gate people list'")
    person = opened_person(rows[0], lambda *_: data_key)
    crops = connection.execute("SELECT nonce, picture FROM crop WHERE subject = ? ORDER BY id", (subject,))
    templates = _templates(connection, subject, data_key)
    return PersonContents(
        label=person.label,
        consent_note=person.consent_note,
        terms=person.terms,
        templates=templates,
        masked=_copies(connection, subject, data_key, {t.binding.model_id: t.vector.size for t in templates}),
        crops=[unseal(data_key, nonce + picture, record_place(subject, "crop")) for nonce, picture in crops],
    )


def _templates(connection: sqlite3.Connection, subject: SubjectRef, data_key: bytes) -> list[Embedding]:
    opened = []
    for *bound, sealed in connection.execute(
        "SELECT model_id, model_digest, recipe_digest, precision_class, vector FROM template WHERE subject = ?"
        " ORDER BY id",
        (subject,),
    ):
        binding = Binding(*bound)
        opened.append(
            Embedding(binding, _vectors(unseal(data_key, sealed, record_place(subject, "template", binding))))
        )
    return opened


def _copies(
    connection: sqlite3.Connection, subject: SubjectRef, data_key: bytes, dimensions: Mapping[str, int]
) -> list[MaskedTemplate]:
    opened = []
    for family, picture, *bound, sealed in connection.execute(
        "SELECT family, picture, model_id, model_digest, recipe_digest, precision_class, vectors"
        " FROM masked_template WHERE subject = ? ORDER BY id",
        (subject,),
    ):
        binding = Binding(*bound)
        flat = _vectors(unseal(data_key, sealed, masked_place(subject, family, picture, binding)))
        vectors = flat.reshape(-1, dimensions[binding.model_id])
        opened.append(MaskedTemplate(binding=binding, family=family, picture=picture, vectors=vectors))
    return opened


def _vectors(packed: bytes) -> NDArray[np.float32]:
    return np.frombuffer(packed, dtype=_STORED).astype(np.float32)


def _masked(record: Mapping[str, Any]) -> MaskedTemplate:
    return MaskedTemplate(
        family=record["family"],
        picture=record["picture"],
        binding=Binding(*record["binding"]),
        vectors=_unpacked(record["vectors"]).reshape(record["masks"], -1),
    )


def _bound(binding: Binding) -> list[str]:
    return [binding.model_id, binding.model_digest, binding.recipe_digest, binding.precision_class]


def _packed(vectors: NDArray[np.float32]) -> str:
    return base64.b64encode(vectors.astype(_STORED, copy=False).tobytes()).decode()


def _unpacked(text: str) -> NDArray[np.float32]:
    return _vectors(base64.b64decode(text, validate=True))


def _moment(text: str | None) -> dt.datetime | None:
    moment = None if text is None else dt.datetime.fromisoformat(text)
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment
