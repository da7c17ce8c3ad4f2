"""``training certify``: how many contributors may lie."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from calibration.commands.cache_option import CacheOption, cache_in
from calibration.pictures.cohort import read_subjects
from calibration.pictures.faces import FaceReader
from calibration.pictures.identities import split_b
from calibration.statistics.intervals import clopper_pearson
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.domain.errors import UsageError
from edge.settings.load import load_settings
from training.votes.certificate import certify
from training.votes.heads import VotingHeads

_MOST_BAD = 4
_COLUMNS = {"model": 20, "bad_contributors": 16, "pictures": 8, "certified_accuracy": 18, "ci95": 24}


def certify_contributors(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names that count, one a line; people of split B.")],
    contributors: Annotated[int, typer.Option(min=2, help="Over how many each person's pictures are dealt.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the dealing.")] = 1,
    *,
    cache: CacheOption = None,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deal pictures to contributors, one head each, and print what share is named right whatever some of them bring.

    A third of each person's pictures is asked about and reaches no head.
    """
    known = set(read_subjects(subjects))
    people = {name: paths for name, paths in split_b(images).items() if name in known and len(paths) >= 3}
    if len(people) < 2:
        raise UsageError("fewer than two people of split B are named", hint="give a file with names of that folder")
    settings = load_settings(config, state_dir=state)
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=cache_in(cache))
        paths = [path for several in people.values() for path in several]
        faces = {path: face for path, face in reader.read_all(paths, rich_progress(), label="embedding") if face}
        ids = list(models.bindings)
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    rng = np.random.default_rng(seed)
    learned, asked = _dealt({name: [p for p in paths if p in faces] for name, paths in people.items()}, rng)
    dealt = [f"contributor-{place % contributors}" for place in _places(learned, rng)]
    for model in ids:
        heads = VotingHeads.fit(
            np.stack([faces[path].vectors[model][0] for _, path in learned]), [name for name, _ in learned], dealt
        )
        votes = heads.votes(np.stack([faces[path].vectors[model][0] for _, path in asked]))
        certified = certify(votes, len(heads.people))
        truth = np.array([heads.people.index(name) for name, _ in asked])
        for bad in range(_MOST_BAD + 1):
            accuracy = certified.certified_accuracy(truth, bad)
            interval = clopper_pearson(round(accuracy * len(asked)), len(asked))
            printer.record(
                {
                    "model": model,
                    "contributors": contributors,
                    "bad_contributors": bad,
                    "pictures": len(asked),
                    "certified_accuracy": accuracy,
                    "ci95": list(interval) if as_json else f"{interval.low:.4f} to {interval.high:.4f}",
                }
            )


def _dealt(
    people: dict[str, list[Path]], rng: np.random.Generator
) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]]]:
    """Return (name, picture) of the pictures that heads learn from, and of the ones that are asked about."""
    learned, asked = [], []
    for name, paths in people.items():
        order = [paths[place] for place in rng.permutation(len(paths))]
        third = len(order) // 3
        asked += [(name, path) for path in order[:third]]
        learned += [(name, path) for path in order[third:]]
    return learned, asked


def _places(learned: list[tuple[str, Path]], rng: np.random.Generator) -> list[int]:
    """Return a running number a picture; each person's begins elsewhere, so that nobody brings all the firsts."""
    places: list[int] = []
    start = 0
    for number, (name, _) in enumerate(learned):
        if number == 0 or learned[number - 1][0] != name:
            start = int(rng.integers(0, 1000)) - number
        places.append(start + number)
    return places
