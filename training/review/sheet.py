"""What the page is told, as JSON has it: people, contact sheets, single pictures, the map."""

from collections.abc import Iterable, Mapping
from typing import Any

from edge.domain.errors import UsageError
from training.manifest.standing import Dataset, Standing, Status
from training.review.embedding_map import EmbeddingMap, thinned
from training.review.session import ReviewSession, digest_of_shown
from training.roles.role import PEOPLE_TO_TRUST

_HIDDEN = frozenset({Status.REMOVED, Status.RECALLED})
_NEIGHBORS = 8
_TRUSTED_SHOWN = 12
_NEAR_A_PERSON = 3
_ORDER = (Status.QUARANTINED, Status.VETTED, Status.NEW, Status.REJECTED, Status.TRUSTED)

Json = dict[str, Any]


def overview(session: ReviewSession) -> Json:
    """Return who is in the dataset, whom to look at first, and what is decided so far."""
    stands = session.stands
    decisions, waiting = session.decisions, session.waiting
    people: dict[str, Json] = {}
    for standing in _shown(stands):
        subject = standing.facts.subject
        person = people.setdefault(subject, {"subject": subject, "pictures": 0, "open": 0, "flagged": 0})
        person["pictures"] += 1
        if standing.facts.sha256 in waiting and standing.facts.sha256 not in decisions:
            person["open"] += 1
            person["flagged"] += bool(standing.findings)
    order = sorted(people.values(), key=lambda p: (not p["flagged"], not p["open"], p["subject"]))
    return {
        "dataset": stands.name,
        "reviewer": session.reviewer,
        "needed": PEOPLE_TO_TRUST,
        "trusted": stands.counts()[Status.TRUSTED],
        "people": order,
        "draft": _draft(session, stands),
    }


def contact_sheet(session: ReviewSession, subject: str) -> Json:
    """Return the pictures of a person: what waits first, and of that what has findings.

    Raises:
        UsageError: nobody is called so.
    """
    decisions, waiting = session.decisions, session.waiting
    found = [standing for standing in _shown(session.stands) if standing.facts.subject == subject]
    if not found:
        raise UsageError("there is no picture of that person", hint="load the page again")
    ordered = sorted(
        found, key=lambda s: (s.facts.sha256 not in waiting, _ORDER.index(s.status), -len(s.findings), s.facts.sha256)
    )
    cards = []
    for standing in ordered:
        move = decisions.get(standing.facts.sha256)
        cards.append(
            _card(standing)
            | {"waits": standing.facts.sha256 in waiting, "decision": None if move is None else move.approves}
        )
    return {"subject": subject, "pictures": cards}


def picture(session: ReviewSession, faces: EmbeddingMap, sha256: str) -> Json:
    """Return one picture with its findings, who decided, and what looks like it.

    Raises:
        UsageError: there is no such picture.
    """
    stands = session.stands
    standing = stands.pictures.get(sha256)
    if standing is None or standing.status in _HIDDEN:
        raise UsageError("there is no such picture", hint="load the page again")
    move = session.decisions.get(sha256)
    others = {s.facts.sha256: s for s in _shown(stands) if s.facts.sha256 != sha256}
    return _card(standing) | {
        "contributor": standing.contributor,
        "source": standing.source,
        "original": standing.facts.original,
        "size": f"{standing.facts.width_px} x {standing.facts.height_px}",
        "notes": [{"screen": f.screen, "score": round(f.score, 3), "reason": f.reason} for f in standing.findings],
        "approvals": sorted(standing.approvals),
        "rejections": sorted(standing.rejections),
        "refusal": session.refusal_of(standing),
        "decision": None if move is None else move.approves,
        "reason": "" if move is None else move.reason,
        "seen": digest_of_shown(standing),
        "is_on_map": bool(faces.known([sha256])),
        "neighbors": _alike(faces, sha256, others, _NEIGHBORS),
        "trusted": _trusted_of(faces, standing, others),
    }


def points(session: ReviewSession, faces: EmbeddingMap, subject: str | None) -> Json:
    """Return a map: of everybody, or of one person and of the pictures that are nearest to theirs.

    Raises:
        UsageError: nobody is called so.
    """
    shown = {standing.facts.sha256: standing for standing in _shown(session.stands)}
    own = [sha for sha, standing in shown.items() if subject is None or standing.facts.subject == subject]
    if not own:
        raise UsageError("there is no picture of that person", hint="load the page again")
    chosen = faces.known(own)
    if subject is not None:
        others = [sha for sha, standing in shown.items() if standing.facts.subject != subject]
        near = faces.nearest(chosen, others, _NEAR_A_PERSON)
        chosen = list(dict.fromkeys((*chosen, *(other for some in near for other, _ in some))))
    flagged = frozenset(sha for sha in chosen if shown[sha].status is Status.QUARANTINED)
    chosen = thinned(chosen, flagged)
    places = faces.plane(chosen).round(4).tolist()
    return {
        "subject": subject,
        "without_look": len(own) - len(faces.known(own)),
        "points": [_card(shown[sha]) | {"x": x, "y": y} for sha, (x, y) in zip(chosen, places, strict=True)],
    }


def _shown(stands: Dataset) -> Iterable[Standing]:
    return (standing for standing in stands.pictures.values() if standing.status not in _HIDDEN)


def _card(standing: Standing) -> Json:
    return {
        "sha256": standing.facts.sha256,
        "subject": standing.facts.subject,
        "status": standing.status.value,
        "findings": len(standing.findings),
        "approved_by": len(standing.approvals),
        "rejected_by": len(standing.rejections),
    }


def _alike(faces: EmbeddingMap, sha256: str, among: Mapping[str, Standing], most: int) -> list[Json]:
    near = faces.nearest([sha256], tuple(among), most)[0]
    return [_card(among[other]) | {"cosine": cosine} for other, cosine in near]


def _trusted_of(faces: EmbeddingMap, standing: Standing, others: Mapping[str, Standing]) -> list[Json]:
    trusted = {
        sha: other
        for sha, other in others.items()
        if other.status is Status.TRUSTED and other.facts.subject == standing.facts.subject
    }
    alike = _alike(faces, standing.facts.sha256, trusted, _TRUSTED_SHOWN)
    placed = {card["sha256"] for card in alike}
    rest = [_card(other) | {"cosine": None} for sha, other in trusted.items() if sha not in placed]
    return (alike + rest)[:_TRUSTED_SHOWN]


def _draft(session: ReviewSession, stands: Dataset) -> Json:
    moves = [
        {
            "sha256": move.sha256,
            "subject": stands.pictures[move.sha256].facts.subject,
            "approves": move.approves,
            "reason": move.reason,
            "findings": len(stands.pictures[move.sha256].findings),
        }
        for move in session.decisions.values()
    ]
    dropped = [{"sha256": sha, "why": why} for sha, why in session.dropped.items()]
    return {"revision": session.revision, "decisions": moves, "dropped": dropped}
