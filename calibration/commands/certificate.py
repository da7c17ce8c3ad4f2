"""``edge-gate evaluate certificate``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from calibration.certificate.family import BANDS
from calibration.certificate.reached import read_reached
from calibration.certificate.reading import OccludedReader
from calibration.certificate.survey import Surveyor
from calibration.commands.cache_option import CacheOption, NoCacheOption, chosen_cache
from calibration.evaluation.certificate import Trying, covered_by, evaluate_certificates
from calibration.evaluation.certificate_clips import ClipWatcher, clip_rows
from calibration.evaluation.certificate_report import CertificateReport
from calibration.evaluation.clips import Clip, read_clips
from calibration.pictures.cohort import Split, cohort_of, read_subjects
from calibration.statistics.intervals import require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import SCREENING, load_models
from edge.domain.errors import ConfigError, UsageError
from edge.settings.load import load_settings
from edge.vision.detect import FaceDetector

BATCHES = (1, len(BANDS))


def certificate(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[
        Path, typer.Option(help="File with the names that are enrolled, with their first five pictures, one a line.")
    ],
    split: Annotated[
        Split, typer.Option(help="b: people whom no threshold was fitted on; all: everybody in the folder.")
    ] = Split.B,
    *,
    reached: Annotated[
        Path | None,
        typer.Option(help="Alignments that attackers reached, as 'redteam report --reached' writes them."),
    ] = None,
    most_reached: Annotated[
        int, typer.Option(min=1, help="Of these, so many at which landmarks went farthest.")
    ] = 12,
    jitter_people: Annotated[
        int,
        typer.Option(min=1, help="Impostors at moved alignments: so many people, drawn alike in every run."),
    ] = 180,
    videos: Annotated[Path | None, typer.Option(help="Folder of clips; with --people.")] = None,
    people: Annotated[Path | None, typer.Option(help="TSV with columns person and clip; with --videos.")] = None,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What patches that lie inside a mask could do: the share of impostors who pass it clean, beside TAR."""
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    cohort = cohort_of(images, read_subjects(subjects), split)
    clips = _clips(videos, people)
    trying = Trying(
        people=jitter_people,
        reached=None if reached is None else read_reached(reached),
        most_reached=most_reached,
    )
    progress = rich_progress()
    kept = chosen_cache(cache, is_off=no_cache)
    report = CertificateReport(as_json=as_json)
    with load_models(settings.engine, batches=BATCHES, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        every, threshold = profile.certificates, profile.detector_threshold
        if not every:
            raise ConfigError(
                f"the profile {profile.name} holds no certificate", hint="fit one with 'edge-gate calibrate fit'"
            )
        surveyor = Surveyor.of(models, SCREENING, detector_threshold=threshold, cache=kept, progress=progress)
        for names, table in covered_by(every):
            report.coverage(names, table)
        for row in evaluate_certificates(every, cohort, surveyor, trying):
            report.row(row, "pictures")
        if clips:
            occluded = OccludedReader(models, SCREENING, detector_threshold=threshold, cache=kept)
            watcher = ClipWatcher(FaceDetector(models.detector, threshold=threshold), occluded, progress)
            for row in clip_rows(every, clips, watcher):
                report.row(row, "clips")


def _clips(videos: Path | None, people: Path | None) -> Sequence[Clip]:
    if (videos is None) != (people is None):
        raise UsageError("clips need their folder and who is on them", hint="give both --videos and --people")
    return () if videos is None or people is None else read_clips(people, videos)
