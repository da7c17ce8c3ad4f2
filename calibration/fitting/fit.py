"""Fits every threshold of the profile on split A, with the gate's own stages and defenses."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.agreement import AgreementFit, fit_agreement
from calibration.pictures.door_camera import seen_by_door_camera
from calibration.pictures.faces import Change, FacePicture, FaceReader
from calibration.statistics.verification import impostor_scores, tar_at_far, threshold_at_far
from edge.defenses.randomize import VIEW_COUNT, random_views
from edge.defenses.squeeze import SQUEEZED_VIEWS, SQUEEZERS
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import Template
from engines.progress import Progress
from engines.render.spec import PLAIN

MATCH_FAR = 1e-5  # one comparison of a face with one person
FLOOR_FAR = 1e-2  # each model by itself need only reach a loose floor
ALONE_FAR = 1e-5  # a model that names a stranger by itself contradicts the other
WEIGHT_FAR = 1e-4
WEIGHT_COST = 0.01
CHECK_FRR = 0.003  # share of genuine views that each single check of a defense may refuse
TEMPLATES = 5
MOST_PROBES = 8
CAMERAS = 2
SEED = 20261121


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Everything fitted, and the counts it rests on."""

    match: MatchPoint
    screen_threshold: float
    random_score_threshold: float
    random_spread_thresholds: Mapping[str, float]
    squeeze_thresholds: Mapping[str, Mapping[str, float]]
    agreement: AgreementFit
    agreement_threshold: float
    quality: Mapping[str, NDArray[np.float64]]
    pictures: int
    people: int
    impostor_pairs: int
    genuine_attempts: int
    tar: Mapping[str, float]


def fit_split_a(
    people: Mapping[str, Sequence[Path]],
    reader: FaceReader,
    *,
    screen_model: str,
    second_model: str,
    measure: Callable[[FacePicture], Mapping[str, float]],
    progress: Progress,
) -> Fit:
    """Embed split A and fit.

    Args:
        people: pictures by identity, of split A alone.
        reader: finds and embeds faces.
        screen_model: model id of the screening model.
        second_model: model id of the other one.
        measure: what the quality gate measures of a picture.
        progress: shown while pictures are embedded.
    """
    rng = random.Random(SEED)  # noqa: S311 - reproducible fitting, not a defense
    look = partial(seen_by_door_camera, rng=rng)
    plain = _read(people, reader, progress, "split A as photographed")
    seen = _read(people, reader, progress, "split A as a door camera sees it", change=look)
    names = sorted({*plain, *seen})
    pictures = [p for name in names for p in (*plain.get(name, ()), *seen.get(name, ()))]
    owners = np.array([i for i, name in enumerate(names) for _ in (*plain.get(name, ()), *seen.get(name, ()))])
    vectors = {m: np.concatenate([p.vectors[m] for p in pictures]) for m in (screen_model, second_model)}
    weights, tar = _best_weights(vectors, owners, screen_model, second_model)
    match = MatchPoint(
        threshold=threshold_at_far(impostor_scores(vectors, weights, owners), MATCH_FAR),
        weights=weights,
        floors={
            m: threshold_at_far(impostor_scores({m: v}, {m: 1.0}, owners), FLOOR_FAR) for m, v in vectors.items()
        },
        alone={m: threshold_at_far(impostor_scores({m: v}, {m: 1.0}, owners), ALONE_FAR) for m, v in vectors.items()},
    )
    agreement = fit_agreement(vectors[second_model], vectors[screen_model], owners)
    drops = _view_statistics(people, plain, reader, match, look, progress)
    quality = [measure(p) for p in pictures]
    return Fit(
        match=match,
        screen_threshold=match.floors[screen_model],
        random_score_threshold=_low(drops["random-score"]),
        random_spread_thresholds={m: _high(drops[f"drop-{m}"]) for m in vectors},
        squeeze_thresholds={m: {s: _high(drops[f"{s}-{m}"]) for s in SQUEEZERS} for m in vectors},
        agreement=agreement,
        agreement_threshold=_low(agreement.held_out),
        quality={key: np.array([q[key] for q in quality]) for key in quality[0]},
        pictures=len(pictures),
        people=len(names),
        impostor_pairs=len(impostor_scores({screen_model: vectors[screen_model]}, {screen_model: 1.0}, owners)),
        genuine_attempts=len(drops["random-score"]),
        tar=tar,
    )


def _read(
    people: Mapping[str, Sequence[Path]],
    reader: FaceReader,
    progress: Progress,
    label: str,
    *,
    change: Change | None = None,
) -> dict[str, list[FacePicture]]:
    found: dict[str, list[FacePicture]] = {}
    paths = [path for pictures in people.values() for path in pictures]
    for path, picture in reader.read_all(paths, progress, label=label, change=change):
        if picture is not None:
            found.setdefault(path.parent.name, []).append(picture)
    return found


def _best_weights(
    vectors: Mapping[str, NDArray[np.float32]], owners: NDArray[np.int64], screen: str, second: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the most even weights with a TAR within ``WEIGHT_COST`` of the best, and the TAR of every weight tried.

    The best TAR leans on the stronger model; an ensemble is worth having only while both have a say.
    """
    same = np.triu(owners[:, None] == owners[None, :], k=1)
    rates: dict[float, float] = {}
    for tenths in range(5, 10):
        weights = {screen: tenths / 10, second: 1 - tenths / 10}
        genuine = np.sum([w * (vectors[m] @ vectors[m].T)[same] for m, w in weights.items()], axis=0)
        rates[tenths / 10] = tar_at_far(genuine, impostor_scores(vectors, weights, owners), WEIGHT_FAR)
    share = min(share for share, rate in rates.items() if rate >= max(rates.values()) - WEIGHT_COST)
    return {screen: share, second: round(1 - share, 1)}, {f"{screen} x {s:.1f}": r for s, r in rates.items()}


def _view_statistics(
    people: Mapping[str, Sequence[Path]],
    plain: Mapping[str, Sequence[FacePicture]],
    reader: FaceReader,
    match: MatchPoint,
    look: Change,
    progress: Progress,
) -> dict[str, NDArray[np.float64]]:
    """Run the defenses' own views on genuine attempts: the first pictures enroll, later ones probe.

    Every probe is seen as it is and as ``CAMERAS`` door cameras would see it.
    """
    rng = random.Random(SEED)  # noqa: S311 - reproducible fitting, not a defense
    enough = [n for n, pictures in plain.items() if len(pictures) >= TEMPLATES + 2]
    probes = [(n, p) for n in enough for p in people[n][TEMPLATES : TEMPLATES + MOST_PROBES]]
    statistics: dict[str, list[float]] = {}
    progress.start("running the defenses on genuine attempts", len(probes))
    for done, (name, path) in enumerate(probes, start=1):
        templates = {
            m: Template.from_vectors(np.concatenate([p.vectors[m] for p in plain[name][:TEMPLATES]]))
            for m in match.weights
        }
        for change in (None, *[look] * CAMERAS):
            probe = reader.read(path, (PLAIN, *random_views(rng), *SQUEEZED_VIEWS), change=change)
            if probe is not None:
                _add(statistics, probe, templates, match)
        progress.advance(done)
    progress.finish()
    return {key: np.array(values) for key, values in statistics.items()}


def _add(
    statistics: dict[str, list[float]],
    probe: FacePicture,
    templates: Mapping[str, Template],
    match: MatchPoint,
) -> None:
    scores = {m: t.scores(probe.vectors[m]) for m, t in templates.items()}
    if match.fuse({m: float(s[0]) for m, s in scores.items()}) < match.threshold:
        return  # not a would-be grant: no defense would have been asked
    drawn = slice(1, 1 + VIEW_COUNT)
    statistics.setdefault("plain-score", []).append(match.fuse({m: float(s[0]) for m, s in scores.items()}))
    fused = [match.fuse({m: float(s[i]) for m, s in scores.items()}) for i in range(1, 1 + VIEW_COUNT)]
    statistics.setdefault("random-score", []).append(float(np.mean(fused)))
    for model, vectors in probe.vectors.items():
        statistics.setdefault(f"drop-{model}", []).append(float(scores[model][0] - scores[model][drawn].min()))
        shifts = 1.0 - vectors[1 + VIEW_COUNT :].astype(float) @ vectors[0].astype(float)
        for squeezer, shift in zip(SQUEEZERS, shifts, strict=True):
            statistics.setdefault(f"{squeezer}-{model}", []).append(float(shift))


def _low(values: NDArray[np.float64]) -> float:
    return float(np.quantile(values, CHECK_FRR))


def _high(values: NDArray[np.float64]) -> float:
    return float(np.quantile(values, 1 - CHECK_FRR))
