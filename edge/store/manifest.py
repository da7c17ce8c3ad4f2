"""The signed manifest: how many changes the gallery has seen, and one hash over everybody in it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.trust.canonical import canonical_json, tagged_sha256

MANIFEST_CONTEXT = "egate-gallery-manifest-v1"
_ROOT_TAG = b"egate-gallery-root-v1\0"

Marks = Mapping[SubjectRef, bytes]
"""Everybody's mark (``edge.store.marks``), by reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the gate signs after every change of the gallery.

    Attributes:
        chain_id: of the audit chain in the same database: a manifest belongs to one database.
        counter: how many changes there were; only ever rises.
        people: how many are enrolled.
        root: ``root_of`` everybody's marks, hexadecimal.
        previous: digest of the manifest before, hexadecimal; empty for the first.
    """

    chain_id: str
    counter: int
    people: int
    root: str
    previous: str

    @property
    def body(self) -> bytes:
        """What is signed: canonical JSON."""
        return canonical_json(
            {
                "format": "egate-gallery-manifest-v1",
                "chain": self.chain_id,
                "counter": self.counter,
                "people": self.people,
                "root": self.root,
                "previous": self.previous,
            }
        )

    @property
    def digest(self) -> str:
        """Hash of the body, hexadecimal."""
        return tagged_sha256("egate-gallery-manifest-v1", self.body).hex()

    @classmethod
    def parse(cls, body: bytes) -> "Manifest":
        """Return the manifest in a body whose signature holds.

        Raises:
            TrustError: it is none.
        """
        try:
            fields = json.loads(body)
            manifest = cls(
                chain_id=str(fields["chain"]),
                counter=int(fields["counter"]),
                people=int(fields["people"]),
                root=str(fields["root"]),
                previous=str(fields["previous"]),
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _no_manifest() from error
        if manifest.body != body:
            raise _no_manifest()
        return manifest

    def next(self, marks: Marks) -> "Manifest":
        """Return the manifest after a change that left ``marks``."""
        return Manifest(
            chain_id=self.chain_id,
            counter=self.counter + 1,
            people=len(marks),
            root=root_of(marks),
            previous=self.digest,
        )


def root_of(marks: Marks) -> str:
    """Return one hash over everybody: each reference with its mark, in order of the references; hexadecimal.

    Ten thousand people take a few milliseconds, so it is made anew after each change.
    """
    digest = hashlib.sha256(_ROOT_TAG)
    for subject in sorted(marks):
        name = subject.encode()
        digest.update(len(name).to_bytes(4) + name + len(marks[subject]).to_bytes(1) + marks[subject])
    return digest.hexdigest()


def _no_manifest() -> TrustError:
    return TrustError(
        "the gallery's manifest is none that the gate wrote",
        hint="put a backup in its place with 'edge-gate state restore'",
    )
