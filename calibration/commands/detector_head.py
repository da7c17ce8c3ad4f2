"""``edge-gate calibrate detector``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from calibration.commands.cache_option import CacheOption, cache_in
from calibration.evaluation.detector_head import FamilyRow, Found, Trial, leave_one_out
from calibration.fitting.attack_evidence import read_evidence
from calibration.fitting.baseline import require_scikit_learn
from calibration.fitting.defense_points import defense_measures
from calibration.fitting.fit import DEFENSES_FRR, checked_attempts
from calibration.fitting.fitted_profile import refuse_other_basis, split_digest
from calibration.fitting.material import read_material
from calibration.pictures.faces import FaceReader
from calibration.pictures.identities import split_a
from calibration.statistics.intervals import require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json, print_table
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import SCREENING, SECOND, load_models
from edge.settings.load import load_settings


def detector(
    images: Annotated[Path, typer.Option(help="Folder of identities; only split A of it is read.")],
    attacks: Annotated[Path, typer.Option(help="Evidence of attacks, written by the red team.")],
    cache: CacheOption = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a learned head finds of each attack when that kind is left out of its fit, and what it adds to the rest.

    Attacks count that would be grants without a defense. alone: found by the head by itself, where it refuses 0.1 %
    and 1 % of genuine attempts. others, all: found by the other checks, and by all with the head, where together they
    refuse as many genuine attempts as all checks of a profile may. People are left out by folds; intervals are exact.
    """
    require_scikit_learn()
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    evidence, people = read_evidence(attacks), split_a(images)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        refuse_other_basis(evidence, split_digest(people), models)
        profile = read_profile(settings, models, environment="development")
        faces = FaceReader(models, detector_threshold=profile.detector_threshold, cache=cache_in(cache))
        material = read_material(people, faces, progress, split="A")
        checked = checked_attempts(material, faces, profile.match, (SCREENING, SECOND), progress)
    trial = Trial(
        genuine=checked.genuine,
        measures=defense_measures(checked.attempts, profile.match, checked.left_out),
        point=profile.match,
        budget=DEFENSES_FRR,
    )
    rows = list(leave_one_out(trial, evidence))
    if as_json:
        for row in rows:
            print_json(record_of(row))
        return
    title = f"{len(checked.attempts)} genuine attempts of split A; each kind of attack left out of its own fit"
    print_table(title, [_shown(row) for row in rows])


def record_of(row: FamilyRow) -> dict[str, Any]:
    """Return a row as JSON has it."""
    return {
        "attack": row.family,
        "pictures": row.pictures,
        "asked": row.asked,
        "alone": {f"{share:g}": _found(found) for share, found in row.alone.items()},
        "others": _found(row.without),
        "all": _found(row.together),
    }


def _found(found: Found) -> dict[str, Any]:
    return {"found": found.hits, "of": found.of, "ci95": None if found.ci95 is None else list(found.ci95)}


def _shown(row: FamilyRow) -> dict[str, object]:
    return {
        "attack": row.family,
        "pictures": row.pictures,
        "asked": row.asked,
        **{f"alone_{share:.1%}": str(found) for share, found in row.alone.items()},
        "others": str(row.without),
        "all": str(row.together),
    }
