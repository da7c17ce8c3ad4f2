"""Identification on pictures: some people are enrolled, and everybody's other pictures ask to be let in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.evaluation.deciding import NO_FACE, BothModels, Decides, WholeGate, models_alone
from calibration.evaluation.identification import Attempt, Identification, count_attempts
from calibration.pictures.cohort import Cohort
from calibration.pictures.enrolling import Enrolled
from calibration.pictures.faces import FacePicture
from calibration.statistics.pairwise import Probes, false_matches, false_matches_alone
from calibration.statistics.rates import Rate
from edge.daemon.assembly import GateParts
from edge.domain.level import Level
from edge.domain.profile import MatchPoint

WITHOUT_CERTIFICATE = "none"


class Mode(StrEnum):
    """What is measured."""

    BARE = "bare"
    FUSED = "fused"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one way to decide came to.

    Attributes:
        identification: of all probes.
        pairwise: false matches among single comparisons.
    """

    identification: Identification
    pairwise: Rate


@dataclass(frozen=True, slots=True)
class IdentifyEvaluation:
    """Figures of a test.

    Attributes:
        gallery: people enrolled.
        impostors: people who are not, with their probes.
        not_enrolled: why people who were listed are not, by name.
        joint: both models, or the whole gate without and with certificates, by name; empty where only single models
            were asked.
        models: each model alone, by model id; empty where they were not asked.
    """

    gallery: int
    impostors: int
    not_enrolled: Mapping[str, str]
    joint: Mapping[str, Measured]
    models: Mapping[str, Measured]


@dataclass(frozen=True, slots=True, eq=False)
class Probing:
    """The probes of a test: everybody's pictures that were not enrolled.

    Attributes:
        pictures: in order.
        enrolled: names of those in the gallery.
    """

    pictures: tuple[Path, ...]
    enrolled: frozenset[str]

    @classmethod
    def of(cls, cohort: Cohort, enrolled: Enrolled) -> "Probing":
        """Return the probes; people who were listed and could not be enrolled are impostors like everybody else."""
        everybody = {**cohort.subjects, **cohort.others}
        pictures = tuple(p for name in sorted(everybody) for p in everybody[name] if p not in enrolled.used)
        return cls(pictures, frozenset(map(str, enrolled.gallery.subjects)))


def deciders_of(mode: Mode, parts: GateParts, certificates: Sequence[Sequence[str]] = ()) -> Mapping[str, Decides]:
    """Return who is asked, by name: the models by their ids, both fused, or the whole gate.

    Args:
        mode: what is measured.
        parts: settings, profile, models and gallery.
        certificates: sets of names; the whole gate is asked without any, and with each of these sets. Its names are
            :data:`WITHOUT_CERTIFICATE` and these, with plus signs between them.
    """
    match mode:
        case Mode.BARE:
            return models_alone(parts.profile, parts.gallery)
        case Mode.FUSED:
            return {mode.value: BothModels(parts.profile, parts.gallery)}
        case Mode.FULL:
            gates = {"+".join(names) or WITHOUT_CERTIFICATE: names for names in ((), *certificates)}
            return {title: WholeGate(with_certificates(parts, names)) for title, names in gates.items()}


def with_certificates(parts: GateParts, names: Sequence[str]) -> GateParts:
    """Return the parts of a gate that needs these certificates and no others; nor a second step: it sees pictures."""
    settings = parts.settings
    policy = settings.policy.model_copy(update={"certificate": tuple(names), "level": Level.CONVENIENCE})
    return replace(parts, settings=settings.model_copy(update={"policy": policy}))


def evaluate_identify(
    found: Iterable[tuple[Path, FacePicture | None]],
    probing: Probing,
    enrolled: Enrolled,
    deciders: Mapping[str, Decides],
    point: MatchPoint,
) -> IdentifyEvaluation:
    """Ask for every probe, one picture at a time, and count.

    Args:
        found: every probe with its face, None where there is none that can be embedded.
        probing: who is enrolled.
        enrolled: their gallery.
        deciders: who is asked, by name; a name of a model of ``point`` is that model alone.
        point: the joint operating point.

    Raises:
        EdgeError: an engine failed.
    """
    attempts: dict[str, list[Attempt]] = {name: [] for name in deciders}
    people: list[str] = []
    vectors: dict[str, list[NDArray[np.float32]]] = {model: [] for model in point.weights}
    impostors: set[str] = set()
    for path, picture in found:
        person = path.parent.name
        is_enrolled = person in probing.enrolled
        if not is_enrolled:
            impostors.add(person)
        for name, decider in deciders.items():
            answer = NO_FACE if picture is None else decider.answer(picture)
            attempts[name].append(Attempt(person, is_enrolled, answer))
        if picture is not None:
            people.append(person)
            for model, rows in vectors.items():
                rows.append(picture.vectors[model][0])
    probes = Probes(people, {m: np.array(rows, np.float32) for m, rows in vectors.items()})
    measured = {
        name: Measured(count_attempts(of_it), _pairwise(name, enrolled, probes, point))
        for name, of_it in attempts.items()
    }
    models = {name: figures for name, figures in measured.items() if name in point.weights}
    joint = {name: figures for name, figures in measured.items() if name not in models}
    return IdentifyEvaluation(
        gallery=len(enrolled.gallery),
        impostors=len(impostors),
        not_enrolled=enrolled.not_enrolled,
        joint=joint,
        models=models,
    )


def _pairwise(name: str, enrolled: Enrolled, probes: Probes, point: MatchPoint) -> Rate:
    if name in point.weights:
        return false_matches_alone(enrolled.gallery, probes, name, point.alone[name])
    return false_matches(enrolled.gallery, probes, point)
