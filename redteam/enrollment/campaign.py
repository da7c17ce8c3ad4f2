"""Enrolls people honestly and under attack: what the guard refuses, and what opens if nobody looks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.statistics.intervals import clopper_pearson
from edge.domain.enrollment import EnrollmentPicture
from edge.pipeline.guard.guard import LEAST_PICTURES
from redteam.enrollment.attacks import STRANGER, AttackRow, Worn, morph_of, painter_of
from redteam.enrollment.registry import Registry, enrolled_with
from training.vetting.enrollment import PICTURES_EACH

EVERY_PAIR = "stranger-every-pair"
"""The row of one attacker's picture among five everybody attacking everybody; the guard is not asked."""

_MOST_WEARERS = 30

Record = dict[str, object]
Pictures = Sequence[EnrollmentPicture]
Wearers = Mapping[str, EnrollmentPicture]


@dataclass(slots=True)
class Tally:
    """Hits of tries.

    Attributes:
        hits: how often it happened.
        tries: how often it could have.
    """

    hits: int = 0
    tries: int = 0

    def add(self, hits: int, tries: int = 1) -> None:
        """Count tries, and those of them that were hits."""
        self.hits += hits
        self.tries += tries

    def record(self, name: str) -> Record:
        """Return count, tries, rate and exact interval under a name; no rate of no tries."""
        told: Record = {name: self.hits, f"{name}_of": self.tries}
        if self.tries:
            told |= {f"{name}_rate": self.hits / self.tries}
            told |= {f"{name}_ci95": list(clopper_pearson(self.hits, self.tries))}
        return told


@dataclass(slots=True)
class Counts:
    """What is counted of one row.

    Attributes:
        refused: pictures that the attacker brought, or all pictures of honest people, that are not learned.
        people_refused: people for whom too few pictures are left.
        opens: the attacker's other pictures, or wearers, that open when everything was enrolled by force.
        clean_opens: the same where nothing of the attacker was enrolled.
        opens_by_nearest: the same by the rule of the most alike picture.
        own_opens: the victim's own other pictures, enrolled by force.
    """

    refused: Tally = field(default_factory=Tally)
    people_refused: Tally = field(default_factory=Tally)
    opens: Tally = field(default_factory=Tally)
    clean_opens: Tally = field(default_factory=Tally)
    opens_by_nearest: Tally = field(default_factory=Tally)
    own_opens: Tally = field(default_factory=Tally)

    def record(self) -> Record:
        """Return everything that was counted."""
        names = ("refused", "people_refused", "opens", "clean_opens", "opens_by_nearest", "own_opens")
        return {key: value for name in names for key, value in getattr(self, name).record(name).items()}


def run_enrollment(rows: Sequence[AttackRow], registry: Registry, seed: int) -> Iterator[Record]:
    """Yield what honest enrollments come to, with three and with five pictures, then a record an attack.

    Args:
        rows: attacks.
        registry: where people are enrolled.
        seed: of who attacks whom.

    Raises:
        EdgeError: an engine failed.
    """
    for count in (LEAST_PICTURES, PICTURES_EACH):
        yield {"attack": "none", "pictures": count, "poisoned": 0, **_honest(registry, count).record()}
    if any(row.name == STRANGER for row in rows):
        yield {
            "attack": EVERY_PAIR,
            "partner": "",
            "pictures": PICTURES_EACH,
            "poisoned": 1,
            **_pairs(registry).record(),
        }
    wearers = {worn: _wearers(worn, registry) for worn in dict.fromkeys(r.worn for r in rows) if worn is not None}
    for row in rows:
        partner = "enrolled" if row.is_partner_enrolled else "not enrolled"
        counts = _attacked(row, registry, wearers.get(row.worn, {}) if row.worn else {}, seed)
        yield {
            "attack": row.name,
            "partner": "" if row.worn else partner,
            "pictures": PICTURES_EACH,
            "poisoned": row.poisoned,
            **counts.record(),
        }


def _honest(registry: Registry, count: int) -> Counts:
    counts = Counts()
    for name, seen in registry.people.items():
        pictures = [p.picture for p in seen[:count]]
        fit = registry.fit(pictures, registry.gallery(name))
        counts.refused.add(count - len(fit), count)
        counts.people_refused.add(len(fit) < LEAST_PICTURES)
        for picture in seen[PICTURES_EACH:]:
            counts.own_opens.add(registry.opens(enrolled_with(pictures), picture.picture))
    return counts


def _pairs(registry: Registry) -> Counts:
    """Enroll a picture of everybody else by force among everybody's, one pair after the other; nobody looks."""
    counts = Counts()
    for victim, seen in registry.people.items():
        honest = [p.picture for p in seen[:PICTURES_EACH]]
        for attacker, theirs in registry.people.items():
            if attacker != victim:
                together = [theirs[0].picture, *honest[1:]]
                own = [p.picture for p in seen[PICTURES_EACH:]]
                _ask(counts, registry, (together, honest), [p.picture for p in theirs[1:]], own)
    return counts


def _attacked(row: AttackRow, registry: Registry, wearers: Wearers, seed: int) -> Counts:
    rng = np.random.default_rng(seed)
    counts = Counts()
    for victim, seen in registry.people.items():
        attacker = str(rng.choice([name for name in registry.people if name != victim]))
        theirs = [p.picture for p in registry.people[attacker]]
        honest = [p.picture for p in seen[:PICTURES_EACH]]
        brought = _brought(row, registry, honest, theirs)
        gallery = registry.gallery(victim) if row.is_partner_enrolled else registry.gallery(victim, attacker)
        together = [*brought, *honest[row.poisoned :]]
        fit = registry.fit(together, gallery)
        learned = {id(picture) for picture in fit}
        counts.refused.add(row.poisoned - sum(id(picture) in learned for picture in brought), row.poisoned)
        counts.people_refused.add(len(fit) < LEAST_PICTURES)
        if len(brought) < row.poisoned:
            continue  # it would not be enrolled by force either: there is no face in it, or none that is clear
        shown = [w for name, w in wearers.items() if name != victim] if row.worn else theirs[row.poisoned :]
        _ask(counts, registry, (together, honest), shown, [p.picture for p in seen[PICTURES_EACH:]])
    return counts


def _ask(
    counts: Counts, registry: Registry, enrolled: tuple[Pictures, Pictures], shown: Pictures, own: Pictures
) -> None:
    """Show pictures to a gate where everything was enrolled by force, and to one where only honest pictures were."""
    forced, clean = (enrolled_with(pictures) for pictures in enrolled)
    for picture in shown:
        counts.opens.add(registry.opens(forced, picture))
        counts.clean_opens.add(registry.opens(clean, picture))
        counts.opens_by_nearest.add(registry.opens_by_nearest(forced, picture))
    for picture in own:
        counts.own_opens.add(registry.opens(forced, picture))


def _brought(row: AttackRow, registry: Registry, honest: Pictures, theirs: Pictures) -> list[EnrollmentPicture]:
    """Return the attacker's pictures as enrollment takes them; what it refuses for its quality is left out."""
    if row.worn is None and row.name == STRANGER:
        return list(theirs[: row.poisoned])
    if row.worn is None:
        pixels = [morph_of(honest[i], theirs[i]) for i in range(row.poisoned)]
    else:
        painter = painter_of(row.worn, registry.bystander)
        pixels = [painter(honest[i]) for i in range(row.poisoned)]
    taken = [registry.studio.take(made, row.name) for made in pixels]
    return [picture for picture in taken if picture is not None]


def _wearers(worn: Worn, registry: Registry) -> Wearers:
    """Return a picture each of people who wear a trigger, by name."""
    painter = painter_of(worn, registry.bystander)
    wearing = {}
    for name, seen in list(registry.people.items())[:_MOST_WEARERS]:
        taken = registry.studio.take(painter(seen[-1].picture), name)
        if taken is not None:
            wearing[name] = taken
    return wearing
