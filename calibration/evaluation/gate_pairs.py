"""Pairs of pictures before the whole gate: the first picture enrolls, the second asks to be let in.

Unlike :mod:`calibration.evaluation.pairs` nothing is fitted to the pairs: the gate decides at its own operating
point, with every defense that needs one picture.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from calibration.evaluation.deciding import NO_FACE, Answer, WholeGate
from calibration.pictures.faces import FacePicture
from calibration.pictures.pairs import Pair
from calibration.statistics.rates import Rate
from edge.daemon.assembly import GateParts
from edge.domain.match import SubjectRef
from edge.recognition.gallery import Gallery, Template
from edge.vision.quality import measure
from engines.progress import Progress

_FIRST = SubjectRef("who is on the first picture")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePairs:
    """What the gate made of pairs.

    Attributes:
        right: pairs decided right; a first picture that cannot enroll opens nothing.
        genuine: genuine pairs granted; its rate is the true accept rate of ISO/IEC 19795-1.
        impostors: impostor pairs granted; its rate is the false accept rate.
        failed_to_enroll: pairs whose first picture does not pass the quality gate.
        refused: genuine pairs that were refused, by the policy's reason.
        refused_by: the same, by the step that refused.
    """

    right: Rate
    genuine: Rate
    impostors: Rate
    failed_to_enroll: int
    refused: Mapping[str, int]
    refused_by: Mapping[str, int]


def evaluate_gate_pairs(
    pairs: Sequence[Pair], found: Mapping[Path, FacePicture], parts: GateParts, progress: Progress
) -> GatePairs:
    """Let the gate decide every pair.

    Args:
        pairs: the pairs.
        found: every picture that has a face.
        parts: settings, profile and models; the gallery in it is not asked.
        progress: shown while pairs are decided.

    Raises:
        EdgeError: an engine failed.
    """
    answers: list[tuple[Pair, Answer | None]] = []
    progress.start("deciding pairs", len(pairs))
    try:
        for done, pair in enumerate(pairs, start=1):
            answers.append((pair, _decided(pair, found, parts)))
            progress.advance(done)
    finally:
        progress.finish()
    return count_pairs(answers)


def count_pairs(answers: Sequence[tuple[Pair, Answer | None]]) -> GatePairs:
    """Count the gate's answers; None = the first picture could not be enrolled."""
    granted = [(pair.is_genuine, answer is not None and answer.granted is not None) for pair, answer in answers]
    genuine = [is_granted for is_genuine, is_granted in granted if is_genuine]
    impostors = [is_granted for is_genuine, is_granted in granted if not is_genuine]
    refused = [answer for pair, answer in answers if pair.is_genuine and (answer is None or answer.granted is None)]
    return GatePairs(
        right=Rate(sum(is_genuine is is_granted for is_genuine, is_granted in granted), len(granted)),
        genuine=Rate(sum(genuine), len(genuine)),
        impostors=Rate(sum(impostors), len(impostors)),
        failed_to_enroll=sum(answer is None for _, answer in answers),
        refused=dict(Counter(a.reason.value if a else "not_enrolled" for a in refused).most_common()),
        refused_by=dict(Counter(a.step if a else "not_enrolled" for a in refused).most_common()),
    )


def _decided(pair: Pair, found: Mapping[Path, FacePicture], parts: GateParts) -> Answer | None:
    first, second = found.get(pair.first), found.get(pair.second)
    if first is None or not measure(first.frame, first.face, parts.profile.quality).is_good:
        return None
    if second is None:
        return NO_FACE
    template = {model: Template.from_vectors(rows[:1]) for model, rows in first.vectors.items()}
    gallery = Gallery(parts.models.bindings, {_FIRST: template})
    return WholeGate(replace(parts, gallery=gallery)).answer(second)
