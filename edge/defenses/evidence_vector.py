"""Everything that the defenses measure of a would-be grant, as one row of named numbers for a learned head.

Who is compared with whom is no part of it, nor are pixels: statistics of pixels tell a file that was compressed from
one that was not before they tell an attack. Every number has a gradient, so that an attacker who knows the head can
be tried honestly; scores of an isolation forest have none and are left out. The fused score and differences of the
models are weighted sums of numbers that are there, which a head makes by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.defenses.agree import agreement_cosine
from edge.defenses.base import ViewEvidence
from edge.defenses.randomize import VIEW_COUNT
from edge.defenses.squeeze import SQUEEZED_VIEWS, SQUEEZERS
from edge.domain.baseline import Baseline
from edge.domain.profile import Agreement

Columns = Mapping[str, NDArray[np.float64]]

LEARNED = ("ellipsoid", "machine")
"""Baseline checks that are part of it."""
LEAST_SHIFT = 2.0**-12
"""Added to a shift before its logarithm, so that no shift is a number too; far below what bf16 models resolve."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurements:
    """What evidence is made of, a row an attempt.

    Attributes:
        plain: float64 (n,) plain scores by model id.
        random: float64 (n, views) scores of the random views by model id.
        shifts: float64 (n, squeezers) shift of each squeezer, 1 - cosine, by model id.
        agreement: float64 (n,) cosine of mapped and real embedding.
        baselines: float64 (n,) by check and model id, such as ``ellipsoid MODEL``.
    """

    plain: Columns
    random: Columns
    shifts: Columns
    agreement: NDArray[np.float64]
    baselines: Columns


def evidence_names(models: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the numbers, in order, for models in the order of the profile's weights."""
    of_each = ("plain", "random mean", "random drop", "random spread", *SQUEEZERS, *LEARNED)
    return ("agreement", *(f"{name} {model}" for model in models for name in of_each))


def evidence_columns(found: Measurements, caps: Mapping[str, float]) -> Columns:
    """Return every number by name, float64 (n,) each; where something is not finite, so is what depends on it.

    Args:
        found: what was measured.
        caps: most that a score counts as, by model id: the very picture that was enrolled scores 1.

    Raises:
        KeyError: something was not measured.
    """
    columns = {"agreement": found.agreement}
    for model, cap in caps.items():
        plain, random = np.minimum(found.plain[model], cap), np.minimum(found.random[model], cap)
        columns[f"plain {model}"] = plain
        columns[f"random mean {model}"] = random.mean(axis=1)
        columns[f"random drop {model}"] = plain - random.min(axis=1)
        columns[f"random spread {model}"] = random.std(axis=1)
        for column, squeezer in enumerate(SQUEEZERS):
            columns[f"{squeezer} {model}"] = octaves(found.shifts[model][:, column])
        columns |= {f"{check} {model}": found.baselines[f"{check} {model}"] for check in LEARNED}
    return columns


def octaves(shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shifts as log2: they are spread over orders of magnitude. Rounding may have made them negative."""
    return np.log2(np.maximum(shifts, 0.0) + LEAST_SHIFT)


def measurements_of(evidence: ViewEvidence, agreement: Agreement, baselines: Sequence[Baseline]) -> Measurements:
    """Return what one frame's evidence holds, as one row.

    Raises:
        KeyError: a view or a model is missing.
        IndexError, ValueError: vectors are not as the models make them, or a number is not finite: a cap would make
            an infinite score an ordinary one.
    """
    are_numbers = [np.isfinite(rows).all() for rows in evidence.vectors.values()]
    are_numbers += [np.isfinite(scores).all() for scores in evidence.scores.values()]
    if not all(are_numbers):
        raise ValueError("a number is not finite")
    plain = evidence.plain
    randoms = [evidence.row(f"random-{i}") for i in range(VIEW_COUNT)]
    squeezed = [evidence.row(view.name) for view in SQUEEZED_VIEWS]
    vectors = {model: rows.astype(np.float64) for model, rows in evidence.vectors.items()}
    source, target = (evidence.vectors[model][plain] for model in (agreement.source, agreement.target))
    scored = {b.model_id: b.scores(evidence.vectors[b.model_id][plain : plain + 1]) for b in baselines}
    return Measurements(
        plain={m: s[[plain]] for m, s in evidence.scores.items()},
        random={m: s[np.newaxis, randoms] for m, s in evidence.scores.items()},
        shifts={m: 1 - (v[squeezed] @ v[plain])[np.newaxis] for m, v in vectors.items()},
        agreement=np.array([agreement_cosine(agreement, source, target)]),
        baselines={f"{check} {m}": scores[check] for m, scores in scored.items() for check in LEARNED},
    )
