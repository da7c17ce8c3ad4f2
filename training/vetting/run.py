"""Looks at pictures, asks every screen, and says what was found."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from calibration.pictures.embedding_cache import EmbeddingCache
from edge.trust.canonical import tagged_sha256
from edge.trust.file_writing import private_folder, replace_file
from engines.progress import Progress
from training.manifest.entries import Finding
from training.vetting.likeness import Case
from training.vetting.limits import ScreenLimits
from training.vetting.look import Look, LookTable, Shown
from training.vetting.looker import VERIFIER
from training.vetting.screen import Screen
from training.vetting.screens.doubles import DoubleScreen
from training.vetting.screens.every import every_hint, every_screen
from training.vetting.screens.labels import FewScreen

UNFIT = "unfit"
"""Finding of a picture that shows nothing to be judged."""


class Looks(Protocol):
    """Looks at a picture; :class:`training.vetting.looker.Looker`."""

    @property
    def recipe(self) -> str:
        """Digest of all that a look depends on."""
        ...

    def look(self, path: Path) -> Look | str:
        """Return what is seen, or why there is nothing to see."""
        ...


@dataclass(frozen=True, slots=True)
class Vetting:
    """What a run found.

    Attributes:
        findings: by sha256 of the picture, in the order of the screens; hints come after what quarantines.
        hints: names of screens that are only shown.
    """

    findings: Mapping[str, tuple[Finding, ...]]
    hints: frozenset[str]

    def quarantining(self, sha256: str) -> tuple[Finding, ...]:
        """Return the findings of a picture that keep it out; empty = none."""
        return tuple(finding for finding in self.findings.get(sha256, ()) if finding.screen not in self.hints)


class KeptLooks:
    """Looks again only at what it has not seen: looks are kept beside the dataset, readable by its owner alone.

    Args:
        looker: asked for what is not kept.
        folder: where looks are kept.
    """

    def __init__(self, looker: Looks, folder: Path) -> None:
        self._looker = looker
        self._folder = folder
        self._cache = EmbeddingCache(folder)
        self.recipe = looker.recipe

    def look(self, path: Path, sha256: str) -> Look | str:
        """Return the look of a picture whose sha256 was checked.

        Raises:
            RecognitionError: an engine failed.
            StoreError: the folder cannot be written.
        """
        key = _key(self.recipe, sha256)
        kept = self._cache.find(key)
        if kept is not None:
            return _unpacked(kept)
        seen = self._looker.look(path)
        self._cache.keep(key, _packed(seen))
        return seen

    def note_recipe(self) -> None:
        """Say beside the looks which of them are the newest, for :class:`SeenLooks`.

        Raises:
            StoreError: the folder cannot be written.
        """
        replace_file(private_folder(self._folder) / _RECIPE_FILE, self.recipe.encode(), mode=0o600)


class SeenLooks:
    """Reads the looks that the last run kept, without any model. Nobody signed them: they help, and decide nothing.

    Args:
        folder: where looks are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._cache = EmbeddingCache(folder)
        self._recipe = _noted_recipe(folder)

    def find(self, sha256: str) -> Look | None:
        """Return the look of a picture; None = it was not kept, or shows nothing to be judged."""
        kept = self._cache.find(_key(self._recipe, sha256)) if self._recipe else None
        try:
            seen = None if kept is None else _unpacked(kept)
        except (KeyError, ValueError):
            return None  # no file of ours
        return seen if isinstance(seen, Look) else None


def look_at(
    pictures: Sequence[tuple[Shown, Path]], looks: KeptLooks, table: LookTable, progress: Progress
) -> dict[str, str]:
    """Add a look of every picture to ``table``; return why there is none, by sha256.

    Raises:
        RecognitionError: an engine failed.
        StoreError: looks cannot be kept.
    """
    unfit: dict[str, str] = {}
    progress.start("looking", len(pictures))
    try:
        for number, (shown, path) in enumerate(pictures, start=1):
            seen = looks.look(path, shown.sha256)
            if isinstance(seen, str):
                unfit[shown.sha256] = seen
            else:
                table.add(shown, seen)
            progress.advance(number)
    finally:
        progress.finish()
    return unfit


def judged(table: LookTable, unfit: Mapping[str, str], limits: ScreenLimits) -> Vetting:
    """Return what all screens find in the pictures of a table that are not trusted already.

    Args:
        table: what was seen.
        unfit: why a picture shows nothing, by sha256.
        limits: of the screens.
    """
    findings: dict[str, list[Finding]] = {
        sha256: [Finding(sha256=sha256, screen=UNFIT, score=1.0, reason=reason)] for sha256, reason in unfit.items()
    }
    hints = every_hint(table.models) if len(table) else ()
    if len(table):
        case = Case(table)
        for screen in (*_BY_RULE, *every_screen(table.models), *hints):
            for finding in _found(screen, case, limits):
                findings.setdefault(finding.sha256, []).append(finding)
    return Vetting({sha: tuple(found) for sha, found in findings.items()}, frozenset(hint.name for hint in hints))


def new_table() -> LookTable:
    """Return an empty table for looks of this package's looker."""
    return LookTable(VERIFIER)


def _found(screen: Screen, case: Case, limits: ScreenLimits) -> Iterable[Finding]:
    limit = {**limits.quarantine, **limits.hint, DoubleScreen.name: -np.inf, FewScreen.name: 0.0}[screen.name]
    suspicions = screen.judge(case)
    for row in np.flatnonzero(np.nan_to_num(suspicions.scores, nan=-np.inf) > limit).tolist():
        shown = case.table.shown[row]
        if not shown.is_trusted:
            yield Finding(
                sha256=shown.sha256,
                screen=screen.name,
                score=round(float(suspicions.scores[row]), 4),
                reason=suspicions.notes(row),
            )


def _packed(seen: Look | str) -> dict[str, np.ndarray]:
    if isinstance(seen, str):
        return {"unfit": np.frombuffer(seen.encode(), np.uint8)}
    parts = {f"plain {model}": row for model, row in seen.plain.items()}
    parts |= {f"squeezed {model}": row for model, row in seen.squeezed.items()}
    return {**parts, "hidden": seen.hidden}


def _unpacked(arrays: Mapping[str, np.ndarray]) -> Look | str:
    if "unfit" in arrays:
        return bytes(arrays["unfit"]).decode()
    named = {kind: {n.removeprefix(kind): a for n, a in arrays.items() if n.startswith(kind)} for kind in _KINDS}
    return Look(plain=named["plain "], hidden=arrays["hidden"], squeezed=named["squeezed "])


def _key(recipe: str, sha256: str) -> str:
    return tagged_sha256("egate-look-v1", bytes.fromhex(recipe), bytes.fromhex(sha256)).hex()


def _noted_recipe(folder: Path) -> str:
    try:
        noted = (folder / _RECIPE_FILE).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
    return noted if re.fullmatch(r"[0-9a-f]{64}", noted) else ""


_RECIPE_FILE = "recipe"
_BY_RULE: tuple[Screen, ...] = (FewScreen(), DoubleScreen())  # no limit of theirs is learned
_KINDS = ("plain ", "squeezed ")
