"""What a profile's points were fitted for, as far as the profile says: the rates that were aimed at."""

from collections.abc import Mapping
from typing import Any

from edge.trust.profile_file import ProfileFile


def aimed_far(file: ProfileFile, point: str) -> float | None:
    """Return the rate of impostors that a point was fitted to let pass; None = the profile does not say.

    Args:
        file: the profile's file. Its gallery names the rate of the match: FPIR by people (union bound).
        point: ``match``, ``duplicate``, ``screen``, or ``floor`` or ``alone`` with a model.
    """
    kind, _, model = point.partition(" ")
    if kind in {"match", "duplicate"}:
        return file.gallery.fpir / file.gallery.most_people
    if kind == "screen":
        kind, model = "floor", file.screen.model
    aimed: Any = file.measured.get(f"{kind}_far")
    return _number(aimed.get(model) if isinstance(aimed, Mapping) else aimed)


def aimed_refusal(file: ProfileFile) -> float | None:
    """Return the share of genuine attempts that each check of a defense was fitted to refuse, or None."""
    defenses: Any = file.measured.get("defenses")
    aimed = defenses.get("refused_by_each") if isinstance(defenses, Mapping) else None
    return _number(file.measured.get("refused_by_each_check") if aimed is None else aimed)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
