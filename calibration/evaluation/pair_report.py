"""Prints what pairs of pictures came to: one JSON object, or lines for people."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from calibration.evaluation.gate_pairs import GatePairs
from calibration.evaluation.pairs import FARS, PairEvaluation, PairFigures
from calibration.statistics.rates import Rate
from edge.commands.output import print_json

_DIGITS = 5


class PairMode(StrEnum):
    """What is measured: each model alone, both fused, or the decisions of the whole gate."""

    BARE = "bare"
    FUSED = "fused"
    FULL = "full"


def print_pairs(mode: PairMode, measured: PairEvaluation, decided: GatePairs | None, *, as_json: bool) -> None:
    """Print the figures.

    Args:
        mode: what was measured.
        measured: figures of each model and of the fused score.
        decided: what the gate decided; None where it was not asked.
        as_json: one JSON object on stdout.
    """
    chosen = measured.fused if mode is PairMode.FUSED else None
    if as_json:
        print_json(_record(mode, measured, chosen, decided))
        return
    print(f"{measured.pairs} pairs, {measured.failed_to_enroll} pictures without a usable face")
    rows: Mapping[str, PairFigures] = {**measured.models, **({"fused": chosen} if chosen else {})}
    for name, figures in rows.items():
        low, high = figures.accuracy_ci95
        tar = "  ".join(f"TAR {rate:.2%} at FAR {far:g}" for far, rate in figures.tar.items())
        print(f"{name:18} accuracy {figures.accuracy:.2%} [{low:.2%}, {high:.2%}]  {tar}")
    if decided is not None:
        _print_decided(decided)


def _print_decided(decided: GatePairs) -> None:
    print("the gate, at its own operating point")
    print(f"  decided right      {decided.right}")
    print(f"  genuine granted    {decided.genuine}")
    print(f"  impostors granted  {decided.impostors}")
    print(f"  first picture not good enough to enroll: {decided.failed_to_enroll}")
    for step, count in decided.refused_by.items():
        print(f"  refused {count:5}  {step}")


def _record(
    mode: PairMode, measured: PairEvaluation, chosen: PairFigures | None, decided: GatePairs | None
) -> dict[str, Any]:
    record: dict[str, Any] = {"mode": mode.value, "pairs": measured.pairs}
    record |= _figures(chosen) if decided is None else _decisions(decided)
    record.setdefault("failed_to_enroll", measured.failed_to_enroll)
    record["models"] = {model: _figures(figures) for model, figures in measured.models.items()}
    return record


def _figures(figures: PairFigures | None) -> dict[str, Any]:
    if figures is None:
        return {"accuracy": None, "accuracy_ci95": None, "tar": None}
    return {
        "accuracy": round(figures.accuracy, _DIGITS),
        "accuracy_ci95": [round(end, _DIGITS) for end in figures.accuracy_ci95],
        "tar": {f"{far:g}": round(rate, _DIGITS) for far, rate in figures.tar.items()},
        "thresholds": {f"{far:g}": round(t, 4) for far, t in figures.thresholds.items()},
        "impostors": figures.impostors,
    }


def _decisions(decided: GatePairs) -> dict[str, Any]:
    """Return the gate's decisions. It has one operating point, so there is no TAR at other rates."""
    return {
        **_rate("accuracy", decided.right),
        "tar": dict.fromkeys((f"{far:g}" for far in FARS), None),
        "granted_genuine": decided.genuine.hits,
        "genuine_pairs": decided.genuine.trials,
        **_rate("granted_genuine_rate", decided.genuine),
        "granted_impostor": decided.impostors.hits,
        "impostor_pairs": decided.impostors.trials,
        **_rate("granted_impostor_rate", decided.impostors),
        "failed_to_enroll": decided.failed_to_enroll,
        "refused": dict(decided.refused),
        "refused_by": dict(decided.refused_by),
    }


def _rate(key: str, rate: Rate) -> dict[str, Any]:
    value, ends = rate.value, rate.ci95
    return {
        key: None if value is None else round(value, _DIGITS),
        f"{key}_ci95": None if ends is None else [round(end, _DIGITS) for end in ends],
    }
