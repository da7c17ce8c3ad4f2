"""Puts changes of the gallery on record: an audit row and a signed event, in the transaction of the change itself."""

from dataclasses import dataclass

from edge.domain.clock import Clock
from edge.domain.event import EventKind
from edge.domain.gallery_change import GalleryChange
from edge.messaging.audit_bodies import gallery_body
from edge.messaging.envelope import Signer, gallery_message
from edge.messaging.identity import GateIdentity
from edge.store.register import Record


@dataclass(frozen=True, slots=True)
class GalleryWitness:
    """A ``Witness`` of ``edge.store.register``.

    Attributes:
        identity: names of this gate, and of this start of whatever process changes the gallery.
        signer: signs events.
        clock: time of recording.
    """

    identity: GateIdentity
    signer: Signer
    clock: Clock

    def __call__(self, change: GalleryChange) -> Record:
        """Return the record of a change."""
        now = self.clock.utc()
        return Record(
            EventKind.GALLERY,
            gallery_body(change, self.identity, now),
            lambda ticket: gallery_message(change, self.identity, ticket, self.signer, now),
        )
