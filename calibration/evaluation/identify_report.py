"""Prints what an identification test came to: a JSON object a row, or lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from calibration.evaluation.identify import IdentifyEvaluation, Measured, Mode
from calibration.pictures.cohort import Split
from calibration.statistics.intervals import Interval
from calibration.statistics.rates import Rate
from edge.commands.output import print_json
from edge.domain.visible_text import visible

_DIGITS = 6


def print_identification(
    mode: Mode, split: Split, evaluation: IdentifyEvaluation, absent: tuple[str, ...], *, as_json: bool
) -> None:
    """Print the figures; rates without a hit with their exact upper bound.

    The whole gate has a row without a certificate and, where one is asked for, a row with it.

    Args:
        mode: what was measured.
        split: whose pictures were used.
        evaluation: the figures.
        absent: people who were listed and have no pictures.
        as_json: a JSON object a row on stdout.
    """
    not_enrolled = {**dict.fromkeys(absent, "has no pictures"), **evaluation.not_enrolled}
    if as_json:
        for record in _records(mode, split, evaluation, not_enrolled):
            print_json(record)
        return
    print(f"{evaluation.gallery} people enrolled, {evaluation.impostors} others, split {split.value}")
    for name, why in not_enrolled.items():
        print(visible(f"not enrolled: {name} {why}"))
    for name, measured in evaluation.joint.items():
        _print_lines(f"{mode.value}, certificate {name}" if mode is Mode.FULL else name, measured)
    for model, measured in evaluation.models.items():
        _print_lines(model, measured)


def _print_lines(title: str, measured: Measured) -> None:
    counted = measured.identification
    print(title)
    print(f"  granted as themselves (TPIR)   {counted.granted}")
    print(f"  granted as somebody else       {counted.misidentified}")
    print(f"  strangers granted (FPIR)       {counted.granted_wrong}")
    if counted.fpir_identity_ci95 is not None:
        low, high = counted.fpir_identity_ci95
        print(f"    over people, not pictures    [{low:.3%}, {high:.3%}]")
    print(f"  failed to acquire              {counted.not_acquired}")
    print(f"  false matches of comparisons   {measured.pairwise}")
    for step, count in counted.refused_by.items():
        print(f"  refused {count:5}  {step}")


def _records(
    mode: Mode, split: Split, evaluation: IdentifyEvaluation, not_enrolled: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    joints: Mapping[str, Measured | None] = evaluation.joint or {"": None}
    for name, joint in joints.items():
        some = joint if joint is not None else next(iter(evaluation.models.values()))
        record: dict[str, Any] = {
            "mode": mode.value,
            "split": split.value,
            "gallery": evaluation.gallery,
            "impostors": evaluation.impostors,
            "genuine_probes": some.identification.granted.trials,
            "impostor_probes": some.identification.granted_wrong.trials,
            **_figures(joint),
            "not_enrolled": dict(not_enrolled),
        }
        if mode is Mode.FULL:
            record["certificate"] = name
        if evaluation.models:
            record["models"] = {model: _figures(measured) for model, measured in evaluation.models.items()}
        yield record


def _figures(measured: Measured | None) -> dict[str, Any]:
    """Return the figures of one way to decide; the keys alone where nobody decided that way."""
    if measured is None:
        return dict.fromkeys(_KEYS)
    counted, pairwise = measured.identification, measured.pairwise
    values = (
        counted.granted.hits,
        counted.misidentified.hits,
        counted.granted_wrong.hits,
        counted.not_acquired.hits,
        counted.not_acquired_genuine.hits,
        *_rate(counted.granted),
        *_rate(counted.granted_wrong),
        _ends(counted.fpir_identity_ci95),
        dict(counted.refused),
        dict(counted.refused_by),
        *_rate(pairwise),
        pairwise.hits,
        pairwise.trials,
    )
    return dict(zip(_KEYS, values, strict=True))


_KEYS = (
    "granted",
    "misidentified",
    "granted_wrong",
    "failed_to_acquire",
    "failed_to_acquire_genuine",
    "tpir",
    "tpir_ci95",
    "fpir",
    "fpir_ci95",
    "fpir_identity_ci95",
    "refused",
    "refused_by",
    "pairwise_fmr",
    "pairwise_fmr_ci95",
    "pairwise_false_matches",
    "pairwise_comparisons",
)


def _rate(rate: Rate) -> tuple[float | None, list[float] | None]:
    return (None if rate.value is None else round(rate.value, _DIGITS)), _ends(rate.ci95)


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(end, _DIGITS) for end in interval]
