"""Reads split B and measures a profile on it: everything that the report tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from calibration.evaluation.matching import PointMatcher
from calibration.evaluation.visits import VisitFigures, Visitors, visit_record, visit_table
from calibration.fitting.attempts import Attempts, genuine_attempts
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
        plain: pictures as they are; templates are made of them.
        seen: the same as simulated cameras see them, a reading a camera.
        attempts: genuine attempts with the defenses' views; None = not asked for.
        owners: who in ``plain`` the people of ``attempts`` are; int64.
    """

    plain: Readings
    seen: tuple[Readings, ...]
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
    cameras: int,
    defended: int | None,
) -> SplitB:
    """Embed split B, and show its genuine attempts to the defenses.

    Args:
        people: pictures by name.
        reader: finds and embeds faces.
        profile: its operating point says who would meet a defense.
        progress: shown meanwhile.
        cameras: how many simulated cameras see every picture too.
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
    seen = tuple(
        read_people(
            people,
            reader,
            progress,
            label=f"split B as door camera {number} sees it",
            change=partial(door_camera, number=number),
        )
        for number in range(1, cameras + 1)
    )
    attempts = None
    if defended != 0:
        some = dict(islice(sorted(people.items()), defended))
        attempts = genuine_attempts(some, _first(plain, len(some)), reader, profile.match, progress)
    return SplitB(plain=plain, seen=seen, attempts=attempts)


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
    plain = read.plain
    scores = score_set(plain, [plain, *(seen for seen in read.seen if len(seen.owners))])
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
            "camera_pictures": sum(len(seen.owners) for seen in read.seen),
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


def _first(readings: Readings, people: int) -> Readings:
    """Return the readings of the first so many people, numbered as before."""
    kept = int(np.searchsorted(readings.owners, people))
    return Readings(
        readings.names[:people], readings.owners[:kept], readings.numbers[:kept], readings.pictures[:kept]
    )
