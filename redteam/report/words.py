"""What a report says in words: what was attacked, how success is judged, and what was not measured."""

from collections.abc import Iterator

from redteam.campaign.plan import Attacker
from redteam.judge import TRIES
from redteam.report.report import Report

JUDGED = (
    (
        "An attack is saved as an 8-bit PNG, read back, and judged by the gate that is served; nothing that "
        "the attacker computed counts."
    ),
    (
        "Impersonation succeeds where the gate opens as the victim; dodging where it denies somebody "
        "enrolled, which is a denial of service and no way in."
    ),
    (
        "A printed patch is judged on a simulated photograph of it, one a scene, drawn anew after it was made; every "
        "other patch is painted into the frame."
    ),
    (
        "Alignment frozen: the gate is made to judge the face where it was. Alignment jittered: the attacker alone "
        "takes it to be about there, within a pixel, a degree and 2 %, and the gate looks for it as always."
    ),
    (
        f"Random views differ from try to try. A picture whose plain fused score would match is shown {TRIES} "
        "times, as often as is possible before a hold; the first try and any of them are counted separately."
    ),
    (
        "A bare model is counted at two operating points: loose, its own floor in the gate's profile, near "
        "the FAR of published benchmarks; strict, where it would name a person by itself. Both is their "
        "floors and fused score without a defense."
    ),
    (
        "An attacker who knows pictures has others than the enrolled ones (gray box); one who knows templates "
        "has the enrolled ones (white box)."
    ),
    (
        "Every rate is a count with its exact 95 % interval (Clopper and Pearson) in brackets. Intervals tell "
        "of chance in the choice of scenes alone."
    ),
)

MINIMAL = (
    (
        "The largest eps is halved until one works, and below it whole gray levels are bisected, each step saved "
        "and judged; bare models at their loose point. The median is a value that was measured, of an even number "
        "the lower one; its interval is exact, from "
        "order statistics. At a gate of random views each step is one try, so its figures are of somebody "
        "lucky or unlucky."
    ),
    (
        "Published: RobFR (Yang et al., arXiv 2007.04118), BIM-20, white box, on aligned crops in float, "
        "thresholds near FAR 1 %. MobileFace stands beside SFace because none is nearer; it is another "
        "network. Comparable are the rows of attackers who know templates."
    ),
)

GOALS = (
    (
        "A goal was set before anything was measured, for success at the gate's first try. It is met or "
        "missed where the whole interval says so, else open; a goal of 0 % is met while nothing was counted."
    ),
)

_NEVER = (
    (
        "Nothing was printed, worn or shown to a camera: pictures are fed to the gate as files, patches are painted, "
        "and prints are simulated."
    ),
    "Single frames alone: neither several frames of one attempt, nor tracking, nor holds.",
    "Budgets in L-infinity and painted patches; no other norm, no makeup, no mask of silicone.",
)


def attacked(report: Report) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of what was attacked."""
    manifest = report.manifest
    yield "suite", manifest.suite
    yield "seed", str(manifest.seed)
    made = [f"{revision} ({count} records)" for revision, count in report.revisions.items()]
    yield "revision", ", ".join(made) or manifest.revision
    yield "calibration profile", manifest.profile_digest
    yield "precision", manifest.precision
    yield "torch", manifest.torch
    yield "people", manifest.cast


def not_measured(report: Report) -> Iterator[str]:
    """Yield what the report's reader might expect and does not get."""
    sizes = {row.row.row_id: (row.row, row.rate.n) for row in report.rows}
    sizes |= {row.row.row_id: (row.row, len(row.ordered)) for row in report.minimal}
    seen = {row.attacker for row, n in sizes.values() if n}
    missing = [attacker.value for attacker in Attacker if attacker not in seen]
    if missing:
        yield f"Attackers without a scene: {', '.join(missing)}."
    short = [(row, n) for row, n in sizes.values() if n < row.scenes]
    if short:
        empty = sum(not n for _, n in short)
        yield f"{len(short)} of {len(sizes)} rows have fewer scenes than planned; {empty} have none."
    unchecked = [check.name for check in report.checks if check.ok is None]
    if unchecked:
        yield f"Checks without a measurement: {'; '.join(unchecked)}."
    if report.strays:
        yield f"{report.strays} records belong to no row of the suite and are in no table."
    yield from _NEVER


def verdict(report: Report) -> str:
    """Return in a sentence whether the tables may be believed."""
    failed = [check.name for check in report.checks if check.ok is False]
    if failed:
        count = "1 honesty check FAILS" if len(failed) == 1 else f"{len(failed)} honesty checks FAIL"
        return f"{count}; the rows that they void are marked: {'; '.join(failed)}."
    held = sum(check.ok is True for check in report.checks)
    return f"No honesty check fails; {held} of {len(report.checks)} hold and the others were not measured."
