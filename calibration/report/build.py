"""Reads split B and measures a profile on it: everything that the report tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from calibration.evaluation.matching import PointMatcher
from calibration.evaluation.visits import VisitFigures, Visitors, visit_record, visit_table
from calibration.fitting.attempts import Attempts, genuine_attempts
from calibration.fitting.material import CAMERA, Material
from calibration.pictures.door_camera import door_camera
from calibration.pictures.faces import FaceReader
from calibration.report.checks import CheckRow, check_rows
from calibration.report.curves import Curve, Histogram, curve_of, histogram_of, scored, thresholds_of
from calibration.report.points import OperatingPoint, operating_points
from calibration.statistics.bootstrap import Draws
from calibration.statistics.score_set import Readings, read_people, score_set
from edge.domain.errors import UsageError
from edge.domain.profile import Profile
from edge.trust.profile_file import ProfileFile
from engines.progress import Progress

_ENOUGH = 10
_MORE = "give a folder with more people, some of them with two pictures and more"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitB:
    """People of split B as they were read.

    Attributes:
        material: pictures as they are and as a door camera sees them, with all comparisons.
        attempts: genuine attempts with the defenses' views; None = not asked for.
    """

    material: Material
    attempts: Attempts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is told of a profile.

    Attributes:
        heading: what it is, in words.
        data: what was measured on, counted.
        curves: ROC and DET.
        histograms: of scores.
        points: operating points.
        visits: templates by frames; empty = nobody has ten pictures, or everybody.
        checks: of the defenses; empty = no attempt was shown to them.
    """

    heading: Mapping[str, str]
    data: Mapping[str, int]
    curves: tuple[Curve, ...]
    histograms: tuple[Histogram, ...]
    points: tuple[OperatingPoint, ...]
    visits: tuple[VisitFigures, ...]
    checks: tuple[CheckRow, ...]

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield all of it as JSON has it; ``table`` says where a record belongs."""
        yield {"table": "profile", **self.heading}
        yield {"table": "data", **self.data}
        for point in self.points:
            yield {"table": "points", **point.record}
        for cell in self.visits:
            yield {"table": "visits", **visit_record(cell)}
        for check in self.checks:
            yield {"table": "checks", **check.record}
        for curve in self.curves:
            far, tar = curve.marked
            counts = {"genuine": curve.genuine, "impostors": curve.impostors}
            yield {"table": "curves", "curve": curve.name, **counts, "marked": [far, tar], "points": curve.points}
        for histogram in self.histograms:
            yield {
                "table": "histograms",
                "histogram": histogram.name,
                "threshold": histogram.threshold,
                "edges": histogram.edges,
                "genuine": histogram.genuine,
                "impostor": histogram.impostor,
            }


def read_split_b(
    people: Mapping[str, Sequence[Path]],
    reader: FaceReader,
    profile: Profile,
    progress: Progress,
    *,
    defended: int | None,
) -> SplitB:
    """Embed split B, and show its genuine attempts to the defenses.

    Args:
        people: pictures by name.
        reader: finds and embeds faces.
        profile: its operating point says who would meet a defense.
        progress: shown meanwhile.
        defended: the first so many people's attempts meet the defenses; None = everybody's; 0 = nobody's.

    Raises:
        UsageError: there are too few people or pictures with faces.
        EdgeError: an engine failed, or the cache cannot be written.
    """
    plain = read_people(people, reader, progress, label="split B as photographed")
    if len(np.unique(plain.owners)) < 2 or len(plain.owners) == len(np.unique(plain.owners)):
        raise UsageError(
            f"{len(plain.owners)} pictures of split B have a face, of {len(np.unique(plain.owners))} people; "
            "two people, one of them with two, are the least",
            hint=_MORE,
        )
    change = partial(door_camera, number=CAMERA)
    seen = read_people(people, reader, progress, label="split B as a door camera sees it", change=change)
    probes = [some for some in (plain, seen) if len(some.owners)]
    material = Material(people, plain, seen, score_set(plain, probes))
    attempts = None
    if defended != 0:
        attempts = genuine_attempts(_first(material, defended), reader, profile.match, progress)
    return SplitB(material=material, attempts=attempts)


def build_report(heading: Mapping[str, str], read: SplitB, profile: Profile, file: ProfileFile) -> Report:
    """Measure.

    Args:
        heading: what the profile is, in words.
        read: split B.
        profile: what is measured.
        file: its file, for what the fit kept.

    Raises:
        ConfigError: scipy is not installed.
    """
    plain, scores = read.material.plain, read.material.scores
    found, marks = scored(scores, profile.match), thresholds_of(profile.match)
    draws = Draws.of(len(plain.names))
    enrolled = with_enough(plain)
    has_both = 0 < len(enrolled) < len(np.unique(plain.owners))
    visits = tuple(visit_table(Visitors.of(plain, enrolled), PointMatcher(profile.match))) if has_both else ()
    return Report(
        heading=heading,
        data={
            "people": len(plain.names),
            "pictures": len(plain.owners),
            "camera_pictures": len(read.material.seen.owners),
            "genuine": int(scores.has_genuine.sum()),
            "impostors": scores.comparisons,
            "enrolled_for_visits": len(enrolled),
            "attempts_at_defenses": 0 if read.attempts is None else len(read.attempts),
        },
        curves=tuple(curve_of(name, own, marks[name]) for name, own in found.items()),
        histograms=tuple(histogram_of(name, own, marks[name]) for name, own in found.items()),
        points=tuple(operating_points(scores, profile, file, draws)),
        visits=visits,
        checks=() if read.attempts is None else tuple(check_rows(read.attempts, profile, file, draws)),
    )


def with_enough(readings: Readings) -> tuple[str, ...]:
    """Return the names of those who have ten pictures and more: half of them enroll, half of them visit."""
    counts = np.bincount(readings.owners, minlength=len(readings.names))
    return tuple(name for name, count in zip(readings.names, counts, strict=True) if count >= _ENOUGH)


def _first(material: Material, people: int | None) -> Material:
    """Return a split whose first so many people alone come to the door, numbered as before; None = all of them."""
    kept = int(np.searchsorted(material.plain.owners, len(material.plain.names) if people is None else people))
    plain = material.plain
    some = Readings(plain.names[:people], plain.owners[:kept], plain.numbers[:kept], plain.pictures[:kept])
    return replace(material, plain=some)
