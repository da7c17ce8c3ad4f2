"""A campaign's report: everything that its pages and its command show, made from its folder alone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibration.certificate.reached import ReachedAlignment
from edge.domain.profile import MatchPoint
from redteam.campaign.records import Manifest, read_manifest, read_records
from redteam.campaign.suites import suite_named
from redteam.report.checks import honesty_checks
from redteam.report.honesty import HonestyCheck, voids_of
from redteam.report.minimal import MinimalRow, minimal_rows
from redteam.report.movement import Movement, movements
from redteam.report.outcomes import Outcomes
from redteam.report.rows import TableRow, table_rows
from redteam.report.strips import CleanPixels, Strip, strips
from redteam.success import Mark


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """What a campaign came to.

    Attributes:
        manifest: what was attacked.
        match: the thresholds that were attacked.
        fars: how often each bare model accepts strangers without an attack, by model and operating point.
        rows: each attack against each target, in the order of the suite.
        minimal: searches of the smallest eps.
        movements: what patches did to the alignment.
        checks: what had to hold for the rows to be believed.
        strips: a few attacked scenes with pictures of people: never for a page that leaves the campaign's folder.
        revisions: how many records each revision of the source made, in order of appearance.
        strays: how many records belong to no row of the suite; they are in no table.
    """

    manifest: Manifest
    match: MatchPoint
    fars: Mapping[Mark, float]
    rows: tuple[TableRow, ...]
    minimal: tuple[MinimalRow, ...]
    movements: tuple[Movement, ...]
    checks: tuple[HonestyCheck, ...]
    strips: tuple[Strip, ...]
    revisions: Mapping[str, int]
    strays: int

    def row_values(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as plain values; those of which nothing was judged too, with ``n`` 0."""
        return (row.values() for row in self.rows)

    def minimal_values(self) -> Iterator[dict[str, Any]]:
        """Yield the searches of the smallest eps as plain values."""
        return (row.values() for row in self.minimal)

    def movement_values(self) -> Iterator[dict[str, Any]]:
        """Yield what patches did to the alignment as plain values."""
        return (movement.values() for movement in self.movements)

    def reached(self) -> tuple[ReachedAlignment, ...]:
        """Return every alignment that an attacker reached and the gate compared faces at."""
        return tuple(each for movement in self.movements for each in movement.reached)

    def check_values(self) -> Iterator[dict[str, Any]]:
        """Yield the honesty checks as plain values."""
        return (check.values() for check in self.checks)


def build_report(folder: Path, match: MatchPoint, fars: Mapping[Mark, float], clean_pixels: CleanPixels) -> Report:
    """Count what a campaign recorded.

    Args:
        folder: of the campaign.
        match: the thresholds that were attacked; that the profile is the manifest's is the caller's to check.
        fars: how often each bare model accepts strangers without an attack, by model and operating point.
        clean_pixels: gives the frame of a scene before the attack, or None; asked for twelve scenes at most.

    Raises:
        UsageError: the folder holds no campaign, its suite is unknown, or a record is broken.
        ConfigError: scipy is not installed.
    """
    manifest = read_manifest(folder)
    records = list(read_records(folder))
    outcomes = Outcomes(suite_named(manifest.suite), records, match)
    checks = honesty_checks(outcomes, fars)
    voids = voids_of(checks)
    return Report(
        manifest=manifest,
        match=match,
        fars=fars,
        rows=tuple(table_rows(outcomes, fars, voids)),
        minimal=tuple(minimal_rows(outcomes, voids)),
        movements=tuple(movements(outcomes)),
        checks=checks,
        strips=strips(outcomes, folder, clean_pixels),
        revisions=Counter(record.revision or manifest.revision for record in records),
        strays=outcomes.strays,
    )
