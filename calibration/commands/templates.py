"""``edge-gate evaluate templates``."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from calibration.certificate.reading import Rows as Copies
from calibration.certificate.survey import Surveyor
from calibration.commands.cache_option import CacheOption, cache_in
from calibration.evaluation.matching import CertifiedMatcher, Matcher, PointMatcher
from calibration.evaluation.visits import VisitFigures, Visitors, visit_record, visit_table
from calibration.pictures.cohort import Split, cohort_of, read_subjects
from calibration.pictures.embedding_cache import EmbeddingCache
from calibration.pictures.faces import FaceReader
from calibration.statistics.intervals import require_exact_intervals
from calibration.statistics.score_set import Readings, read_people
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json, print_table
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import Models, load_models
from edge.domain.certificate import Certificate
from edge.domain.errors import UsageError
from edge.settings.load import load_settings
from engines.progress import Progress

PLAIN = "none"


def templates(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names that are enrolled, one a line.")],
    split: Annotated[
        Split, typer.Option(help="b: people whom no threshold was fitted on; all: everybody in the folder.")
    ] = Split.B,
    cache: CacheOption = None,
    *,
    certified_by: Annotated[
        str,
        typer.Option("--certificate", help="Certificate of the profile for the certified rows; none: no such rows."),
    ] = "tiered",
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """TAR and FAR of visits of 1, 3 and 5 pictures to people enrolled with 1, 3 and 5, certified and not.

    No other defense is asked.

    Of a visit's 1, 3 or 5 pictures 1, 2 or 3 must match the same person at the profile's operating point. FAR counts
    every visit to every template of somebody else (impostor_visits). Intervals: bootstrap over people, never narrower
    than exact ones; where no impostor was accepted the interval's upper end is the bound.
    """
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    cohort = cohort_of(images, read_subjects(subjects), split)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        store = cache_in(cache)
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=store)
        people = {**cohort.subjects, **cohort.others}
        readings = read_people(people, reader, progress, label="reading everybody's pictures")
        visitors = Visitors.of(readings, tuple(cohort.subjects))
        matchers: dict[str, Matcher] = {PLAIN: PointMatcher(profile.match)}
        if certificate := next((c for c in profile.certificates if c.name == certified_by), None):
            copies = _copies(readings, certificate, models, store, profile.detector_threshold, progress)
            matchers[certified_by] = CertifiedMatcher(matchers[PLAIN], certificate, copies)
        elif certified_by != PLAIN:
            known = ", ".join(c.name for c in profile.certificates) or "none"
            raise UsageError(f"the profile has no certificate {certified_by!r}", hint=f"it has {known}")
    cells = [(name, cell) for name, matcher in matchers.items() for cell in visit_table(visitors, matcher)]
    if as_json:
        for name, cell in cells:
            print_json({"certificate": name, **visit_record(cell)})
        return
    enrolled = int(visitors.enrolled.sum())
    title = f"{enrolled} of {len(readings.names)} people enrolled, split {split.value}; 95 % intervals"
    print_table(title, [_row(name, cell) for name, cell in cells])


def _copies(
    readings: Readings,
    certificate: Certificate,
    models: Models,
    cache: EmbeddingCache,
    detector_threshold: float,
    progress: Progress,
) -> Copies:
    """Return the occluded copies of every picture, float32 (pictures, masks, d)."""
    surveyor = Surveyor.of(
        models, certificate.model_id, detector_threshold=detector_threshold, cache=cache, progress=progress
    )
    progress.start("occluding everybody's pictures", len(readings.pictures))
    rows = []
    try:
        for done, picture in enumerate(readings.pictures, start=1):
            rows.append(surveyor.copies_of(picture, certificate.alignment, certificate.masks))
            progress.advance(done)
    finally:
        progress.finish()
    return np.stack(rows)


def _row(name: str, cell: VisitFigures) -> dict[str, object]:
    return {
        "certificate": name,
        "templates": cell.templates,
        "frames": f"{cell.needed} of {cell.frames}",
        "tar": str(cell.tar),
        "visits": cell.tar.trials,
        "far": str(cell.far),
        "impostor_visits": cell.far.trials,
    }
