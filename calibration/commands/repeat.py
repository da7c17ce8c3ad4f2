"""``edge-gate calibrate repeat``."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from calibration.commands.cache_option import CacheOption, cache_in
from calibration.fitting.halves import Aims, Kept, record_of, repeats
from calibration.fitting.operating_point import FLOOR_FARS
from calibration.pictures.door_camera import door_camera
from calibration.pictures.faces import FaceReader
from calibration.pictures.identities import split_a
from calibration.report.aims import aimed_far
from calibration.statistics.intervals import require_exact_intervals
from calibration.statistics.score_set import read_people
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json, print_table
from edge.commands.progress import rich_progress
from edge.daemon.assembly import profile_folder, read_profile
from edge.daemon.models import load_models
from edge.settings.load import load_settings
from edge.trust.profile import read_profile_file


def repeat(
    images: Annotated[Path, typer.Option(help="Folder of identities; only split A of it is read.")],
    halves: Annotated[int, typer.Option(min=1, max=100, help="How many times split A is halved.")] = 5,
    cameras: Annotated[
        int, typer.Option(min=0, max=8, help="Simulated door cameras that see every picture beside the photograph.")
    ] = 1,
    cache: CacheOption = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the operating points on random halves of split A, and count each one's rate on the other half.

    A threshold is not asked for less than the rate at which ten comparisons of a half pass (aim). inside: whether the
    aim lies in the interval of the rate on the other half; the interval (bootstrap over people, never narrower than
    the exact one) holds with 95 % for all points of one repeat together (Bonferroni). It knows that both halves are
    samples: every draw fits the threshold anew on the one and counts it on the other.
    """
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    people = split_a(images)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        store = cache_in(cache)
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=store)
        plain = read_people(people, reader, progress, label="split A as photographed")
        seen = tuple(
            read_people(
                people,
                reader,
                progress,
                label=f"split A as door camera {number} sees it",
                change=partial(door_camera, number=number),
            )
            for number in range(1, cameras + 1)
        )
    file = read_profile_file(profile_folder(settings))
    floors = {model: aimed_far(file, f"floor {model}") or FLOOR_FARS[0] for model in profile.match.weights}
    aims = Aims(match=aimed_far(file, "match") or 0.0, floors=floors)
    rows = list(repeats(plain, seen, profile.match, profile.screen_model, aims, halves=halves))
    if as_json:
        for kept in rows:
            print_json(record_of(kept))
        return
    inside = sum(kept.inside for kept in rows)
    title = f"{inside} of {len(rows)} rates hold their aim on the other half; {rows[0].level:.2%} intervals"
    print_table(title, [_row(kept) for kept in rows])


def _row(kept: Kept) -> dict[str, object]:
    return {
        "point": kept.point,
        "half": kept.half,
        "threshold": kept.threshold,
        "aim": kept.aim,
        "rate": str(kept.counted),
        "inside": kept.inside,
    }
