"""Enrolls people of split B honestly and under attack: what the guard refuses, and what opens if nobody looks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.statistics.intervals import clopper_pearson
from edge.daemon.models import Models
from edge.domain.embedding import Embedding
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.profile import Profile
from edge.pipeline.enroll import vet
from edge.pipeline.guard.guard import LEAST_PICTURES, EnrollmentGuard
from edge.pipeline.guard.limits import GuardLimits
from edge.pipeline.guard.look import Look, Looker
from edge.recognition.gallery import Gallery, Template
from redteam.enrollment.attacks import STRANGER, AttackRow, Painter, Worn, morph_of, painter_of
from training.vetting.enrollment import PICTURES_EACH, SeenPicture, Studio, gallery_without, template_of

PROBES_EACH = 3
"""Pictures of a person, beside those enrolled, that are shown to the gate."""

_MOST_WEARERS = 30
Record = dict[str, object]
Rows = Mapping[str, np.ndarray]


def run_enrollment(rows: Sequence[AttackRow], registry: Registry) -> Iterator[Record]:
    """Yield what honest enrollments come to, with three and with five pictures, then a record an attack.

    Raises:
        EdgeError: an engine failed.
    """
    for count in (LEAST_PICTURES, PICTURES_EACH):
        yield _honest(registry, count)
    worn = {trigger: _wearers(trigger, registry) for trigger in {row.worn for row in rows} if trigger is not None}
    for row in rows:
        yield _attack(row, registry, worn)


def _honest(registry: Registry, count: int) -> Record:
    held = refused = 0
    for name, seen in registry.people.items():
        fit = registry.fit([p.picture for p in seen[:count]], registry.gallery(name))
        held += count - len(fit)
        refused += len(fit) < LEAST_PICTURES
    people = len(registry.people)
    return {
        "attack": "none",
        "pictures": count,
        "asked": people * count,
        "refused": held,
        **_rate("refused", held, people * count),
        "people": people,
        "people_refused": refused,
        **_rate("people_refused", refused, people),
    }


def _attack(
    row: AttackRow, registry: Registry, worn: Mapping[Worn, tuple[Painter, Mapping[str, Sequence[EnrollmentPicture]]]]
) -> Record:
    rng = np.random.default_rng(registry.seed)
    asked = refused = nobody = 0
    counts = {"opens": [0, 0], "opens_by_nearest": [0, 0], "own_opens": [0, 0], "clean_opens": [0, 0]}
    for victim, seen in registry.people.items():
        attacker = str(rng.choice([name for name in registry.people if name != victim]))
        honest = [p.picture for p in seen[:PICTURES_EACH]]
        painter, wearers = worn[row.worn] if row.worn else (None, {})
        poison = [_poison(row, registry, honest[i], registry.people[attacker][i].picture, painter) for i in range(row.poisoned)]
        taken = [picture for picture in poison if picture is not None]
        asked += row.poisoned
        left_out = [victim] if row.is_partner_enrolled else [victim, attacker]
        fit = registry.fit([*taken, *honest[row.poisoned :]], registry.gallery(*left_out))
        kept = {id(picture) for picture in fit}
        refused += row.poisoned - sum(id(picture) in kept for picture in taken)
        nobody += len(fit) < LEAST_PICTURES
        if not taken:
            continue
        forced = _template([*taken, *honest[row.poisoned :]])
        clean = _template(honest)
        probes = (
            [picture for name, pictures in wearers.items() if name != victim for picture in pictures]
            if row.worn
            else [p.picture for p in registry.people[attacker][row.poisoned :]]
        )
        own = [p.picture for p in seen[PICTURES_EACH:]]
        for picture in probes:
            _count(counts["opens"], registry.opens(forced, picture.embeddings))
            _count(counts["clean_opens"], registry.opens(clean, picture.embeddings))
            _count(counts["opens_by_nearest"], _nearest_opens(forced, picture.embeddings, registry.profile))
        for picture in own:
            _count(counts["own_opens"], registry.opens(forced, picture.embeddings))
    record: Record = {
        "attack": row.name,
        "partner": "enrolled" if row.is_partner_enrolled else "not enrolled",
        "poisoned": row.poisoned,
        "asked": asked,
        "refused": refused,
        **_rate("refused", refused, asked),
        "people": len(registry.people),
        "people_refused": nobody,
        **_rate("people_refused", nobody, len(registry.people)),
    }
    for name, (opened, tries) in counts.items():
        record |= {name: opened, f"{name}_tries": tries, **_rate(name, opened, tries)}
    return record


def _poison(
    row: AttackRow,
    registry: Registry,
    victim: EnrollmentPicture,
    attacker: EnrollmentPicture,
    painter: Painter | None,
) -> EnrollmentPicture | None:
    """Return the attacker's picture as enrollment takes it; None = it is refused for what it looks like."""
    if painter is not None:
        return registry.studio.take(painter(victim), row.name)
    if row.name == STRANGER:
        return attacker
    return registry.studio.take(morph_of(victim, attacker), row.name)


def _wearers(worn: Worn, registry: Registry) -> tuple[Painter, Mapping[str, Sequence[EnrollmentPicture]]]:
    """Return what puts a trigger on, and pictures of people who wear it, by name."""
    painter = painter_of(worn, registry.bystander)
    wearing: dict[str, list[EnrollmentPicture]] = {}
    for name in list(registry.people)[:_MOST_WEARERS]:
        taken = registry.studio.take(painter(registry.people[name][-1].picture), name)
        if taken is not None:
            wearing[name] = [taken]
    return painter, wearing


def _template(pictures: Sequence[EnrollmentPicture]) -> dict[str, Template]:
    return {m: Template.from_embeddings(p.embeddings[m] for p in pictures) for m in pictures[0].embeddings}


def _nearest_opens(templates: Mapping[str, Template], probe: Mapping[str, Embedding], profile: Profile) -> bool:
    """Whether it would open if the most alike single picture decided, as in many systems and never here."""
    point = profile.match
    scores = {m: float(np.max(templates[m].vectors @ e.vector)) for m, e in probe.items()}
    return point.fuse(scores) >= point.threshold and all(scores[m] >= f for m, f in point.floors.items())


def _count(counted: list[int], is_hit: bool) -> None:
    counted[0] += is_hit
    counted[1] += 1


def _rate(name: str, hits: int, tries: int) -> Record:
    if not tries:
        return {}
    return {f"{name}_rate": hits / tries, f"{name}_ci95": list(clopper_pearson(hits, tries))}
