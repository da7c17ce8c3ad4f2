"""Compares the gallery in the database with what was signed of it, and says who differs."""

from dataclasses import dataclass

from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.store.anchor import Anchored
from edge.store.manifest import Manifest, Marks, root_of

_MOST_NAMED = 3
_HINT = (
    "treat it as an intrusion: keep a copy of the state folder, then restore the newest one that was there;"
    " 'edge-gate people accept' shows what differs, and takes it when that was you"
)


@dataclass(frozen=True, slots=True)
class Differences:
    """Who is otherwise in the database than in what was signed, in order of the references.

    Attributes:
        added: in the database alone: inserted, or put back after an erasure.
        missing: signed for, and not in the database.
        changed: with other records than those that were signed.
    """

    added: tuple[SubjectRef, ...] = ()
    missing: tuple[SubjectRef, ...] = ()
    changed: tuple[SubjectRef, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.missing or self.changed)

    def __str__(self) -> str:
        told = (
            (self.added, "not in the signed list: inserted, or put back after an erasure"),
            (self.missing, "missing"),
            (self.changed, "there with other records than the signed ones"),
        )
        return "; ".join(f"{_named(who)} {'is' if len(who) == 1 else 'are'} {what}" for who, what in told if who)


def differences(found: Marks, signed: Marks) -> Differences:
    """Return who differs between the database and what was signed."""
    return Differences(
        added=tuple(sorted(found.keys() - signed.keys())),
        missing=tuple(sorted(signed.keys() - found.keys())),
        changed=tuple(sorted(s for s in found.keys() & signed.keys() if found[s] != signed[s])),
    )


def without(marks: Marks, subject: SubjectRef | None) -> Marks:
    """Return ``marks`` without one person's."""
    return {key: mark for key, mark in marks.items() if key != subject}


def refuse_unsigned(
    manifest: Manifest | None, found: Marks, anchored: Anchored | None, *, but: SubjectRef | None = None
) -> Manifest:
    """Return the manifest if the database's people are those that it and the anchor were signed for.

    Args:
        manifest: of the database, its signature proven; None = it has none.
        found: everybody's mark in the database.
        anchored: what the anchor says; None = it is not there.
        but: whom not to look at: somebody who is about to be erased.

    Raises:
        TrustError: they are not, with who differs.
    """
    if manifest is None:
        raise TrustError(
            "the gallery has no signed manifest: it was removed, or these people are from before there was one",
            hint="look at 'edge-gate people list'; if everybody there should be, 'edge-gate people accept --yes'",
        )
    if anchored is None:
        raise gallery_altered("its anchor is missing, which says how many changes it has seen")
    if anchored.chain_id != manifest.chain_id:
        raise gallery_altered("its anchor belongs to another database")
    differing = differences(without(found, but), without(anchored.marks, but))
    if anchored.counter > manifest.counter:
        raise gallery_altered(
            f"it is an older one: of change {manifest.counter}, and {anchored.counter} were made", differing
        )
    if anchored.counter == manifest.counter:
        if anchored.manifest != manifest.digest or differing:
            raise gallery_altered("it is not the one that was signed", differing)
        return manifest
    if anchored.counter + 1 != manifest.counter or anchored.manifest != manifest.previous:
        raise gallery_altered(f"its anchor is an older one: of change {anchored.counter}, not {manifest.counter}")
    # A change committed and the gate ended before the anchor was written: the manifest alone vouches.
    if root_of(found) != manifest.root:
        raise gallery_altered("it is not the one that was signed", differing)
    return manifest


def gallery_altered(what: str, differing: Differences | None = None) -> TrustError:
    """Return the fault of a gallery that is not what was signed."""
    who = f"; {differing}" if differing else ""
    return TrustError(f"the gallery was altered: {what}{who}", hint=_HINT)


def _named(subjects: tuple[SubjectRef, ...]) -> str:
    more = len(subjects) - _MOST_NAMED
    return ", ".join(subjects[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
