"""``edge-gate calibrate masks``."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.certificate.candidates import families, single_masks
from calibration.certificate.search import FamilyCost, SingleCost, family_costs, sample_of, single_costs
from calibration.certificate.survey import Surveyor
from calibration.commands.cache_option import CacheOption, NoCacheOption, chosen_cache
from calibration.pictures.identities import split_a
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import SCREENING, load_models
from edge.domain.certificate import Alignment
from edge.domain.mask_family import distinct_masks
from edge.settings.load import load_settings

_BATCHES = (1, 8, 32)
_DIGITS = 6
_SINGLE = {"mask": 30, "fill": 4, "tar_at_fmr_1e-3": 16, "tar_at_fmr_1e-4": 16, "impostors": 9, "genuine": 7}
_FAMILY = {"family": 30, "masks": 5, "aim": 6, "bound": 10, "tar": 8, "16": 6, "24": 6, "32": 6, "40": 6, "48": 6}


def masks(
    images: Annotated[Path, typer.Option(help="Folder of identities; only split A of it is read.")],
    pictures: Annotated[int, typer.Option(min=12, help="About so many pictures of it.")] = 400,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What hiding a part of the face costs: each mask alone, then families of masks under a bound on their union."""
    settings = load_settings(config, state_dir=state)
    people = sample_of(split_a(images), pictures)
    singles, every = tuple(single_masks()), families()
    hidden = distinct_masks([*(mask for family in every for mask in family.masks), *singles])
    progress = rich_progress()
    kept = chosen_cache(cache, is_off=no_cache)
    with load_models(settings.engine, batches=_BATCHES, progress=progress) as models:
        threshold = read_profile(settings, models, environment="development").detector_threshold
        surveyor = Surveyor.of(models, SCREENING, detector_threshold=threshold, cache=kept, progress=progress)
        survey = surveyor.people(people, {Alignment.GIVEN: hidden}, label="occluding pictures of split A")
    alone = Printer(as_json=as_json, columns=_SINGLE)
    for single in single_costs(survey, singles, SCREENING):
        alone.record(_single(single))
    together = Printer(as_json=as_json, columns=_FAMILY)
    for family in family_costs(survey, every, SCREENING):
        together.record(_family(family, as_json=as_json))


def _single(cost: SingleCost) -> dict[str, object]:
    mask = cost.mask
    place = {key: round(value, _DIGITS) for key, value in zip("xywh", _place(cost), strict=True)}
    tar = {f"tar_at_fmr_{_power(rate)}": round(value, _DIGITS) for rate, value in cost.tar.items()}
    return {
        "mask": mask.name,
        **place,
        "fill": mask.fill,
        **tar,
        "impostors": cost.impostors,
        "genuine": cost.genuine,
    }


def _family(cost: FamilyCost, *, as_json: bool) -> dict[str, object]:
    squares = {shape.split()[2] if not as_json else shape: round(share, 4) for shape, share in cost.squares.items()}
    return {
        "family": cost.family,
        "masks": cost.masks,
        "aim": cost.aim,
        "bound": round(cost.bound, _DIGITS),
        "tar": round(cost.tar, _DIGITS),
        "impostors": cost.impostors,
        "genuine": cost.genuine,
        **({"squares": squares} if as_json else squares),
    }


def _place(cost: SingleCost) -> tuple[float, float, float, float]:
    return cost.mask.x, cost.mask.y, cost.mask.width, cost.mask.height


def _power(rate: float) -> str:
    return f"{rate:.0e}".replace("e-0", "e-")
