"""What is to be seen of a profile: who vouches for it, every threshold with its figures, what is wrong with it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.daemon.assembly import CatalogModels, refuse_other_models
from edge.daemon.models import serving_bindings
from edge.daemon.profile_in_force import date_problem, refuse_out_of_date
from edge.domain.clock import SystemClock
from edge.domain.errors import EdgeError, TrustError
from edge.domain.profile import Profile, SignedBy
from edge.settings.tree import Settings
from edge.trust.array_archive import read_arrays
from edge.trust.profile import load_profile, read_profile_file
from edge.trust.profile_file import ProfileFile

_SERVES = {
    SignedBy.NOBODY: "nobody: the daemon takes it once it is signed",
    SignedBy.DEVELOPMENT_KEY: "the development key, which everybody has: for development alone",
    SignedBy.TRUSTED_KEY: "a key that trust.profile_keys names",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSheet:
    """A profile as people read it.

    Attributes:
        heading: what it is, who vouches for it and how long, in words.
        thresholds: a row a threshold, with its figures; equal keys.
        remarks: figures of the fit as a whole.
        record: all of it, for programs.
        problem: why no gate of these settings would take it, though it is what was written; None = it would, once
            somebody vouches for it.
    """

    heading: dict[str, str]
    thresholds: tuple[Mapping[str, Any], ...]
    remarks: Mapping[str, Any]
    record: Mapping[str, Any]
    problem: EdgeError | None


def sheet_of(path: Path, settings: Settings) -> ProfileSheet:
    """Verify the profile in the folder ``path`` and return its sheet.

    Raises:
        ConfigError: it is no profile.
        TrustError: it or its archive was altered; then there is nothing to show.
    """
    file = read_profile_file(path)
    read_arrays(path / file.arrays.file, file.arrays.sha256, file.array_terms)
    now = SystemClock().utc()
    signed_by, problem = _verified(path, settings, now)
    values = file.model_dump(mode="json", by_alias=True, exclude_none=True)
    created, expires = (dt.datetime.fromisoformat(text) for text in (file.created, file.expires))
    date = date_problem(created, expires, now)
    heading = {
        "profile": f"{file.name}, {path}",
        "digest": file.digest,
        "signed_by": signed_by,
        "key_id": file.signature.key_id if file.signature else "-",
        "created": file.created,
        "expires": f"{file.expires} ({date[0] if date else f'in {(expires - now).days} days'})",
        "fitted_on": file.data,
        "gallery": f"at most {file.gallery.most_people} people, FPIR {file.gallery.fpir:.4g} with so many",
        "models": ", ".join(file.models),
    }
    verdict = {
        "signed_by": signed_by,
        "problem": str(problem) if problem else None,
        "hint": problem.hint if problem else None,
    }
    return ProfileSheet(
        heading=heading,
        thresholds=tuple(_rows(values)),
        remarks=_remarks(file),
        record={"digest": file.digest, **values, **verdict},
        problem=problem,
    )


def _verified(path: Path, settings: Settings, now: dt.datetime) -> tuple[str, EdgeError | None]:
    """Return who vouches for a profile, in words, and what else is wrong with it."""
    try:
        profile = load_profile(path, environment="development", trusted_keys=settings.trust.public_keys)
    except TrustError as error:
        return "a signature that is not trusted", error
    return _SERVES[profile.signed_by], _problem_of(profile, settings, now)


def _problem_of(profile: Profile, settings: Settings, now: dt.datetime) -> EdgeError | None:
    try:
        refuse_other_models(profile, CatalogModels(serving_bindings(settings.engine.precision)))
        refuse_out_of_date(profile, now, settings.environment)
    except TrustError as error:
        return error
    return None


def _rows(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, table in _points(values, ""):
        figures = table.get("figures", {})
        yield {
            "threshold": name,
            "value": table["threshold"],
            "value_95": _interval(figures.get("threshold_ci95")),
            "far": _rate(figures, "far"),
            "frr": _rate(figures, "frr"),
            "impostors": figures.get("impostors"),
            "genuine": figures.get("genuine"),
        }


def _points(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every table that has a threshold, with where it stands."""
    if "threshold" in table:
        yield path, table
    for key, value in table.items():
        if isinstance(value, Mapping) and key not in {"figures", "measured"}:
            yield from _points(value, f"{path}.{key}" if path else key)


def _rate(figures: Mapping[str, Any], name: str) -> str | None:
    if name not in figures:
        return None
    interval = _interval(figures.get(f"{name}_ci95"))
    return f"{figures[name]:.4g}" if interval is None else f"{figures[name]:.4g} {interval}"


def _interval(interval: list[float] | None) -> str | None:
    return None if interval is None else f"[{interval[0]:.4g}, {interval[1]:.4g}]"


def _remarks(file: ProfileFile) -> Mapping[str, Any]:
    quality = {f"quality {key.replace('_', ' ')}": value for key, value in file.quality.model_dump().items()}
    caps = {f"highest {id_}": own.genuine_high for id_, own in file.match.own.items()}
    return {**quality, **caps, **{f"measured {key}": value for key, value in file.measured.items()}}
