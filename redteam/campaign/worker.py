"""A process of a campaign: it loads models and twins once and then runs chunks of rows."""

import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from edge.daemon.assembly import GateParts
from edge.daemon.certificates_in_force import certificates_asked
from edge.daemon.models import load_models
from edge.domain.profile import Profile
from edge.recognition.gallery import Gallery
from edge.settings.tree import Settings
from redteam.campaign.arsenal import KNOWN_SEED, Twins
from redteam.campaign.craft import Range, run_row
from redteam.campaign.plan import Row
from redteam.campaign.records import Record
from redteam.judge import Judge
from redteam.scene import Scene


@dataclass(frozen=True, slots=True, eq=False)
class Equipment:
    """What every process of a campaign is given."""

    settings: Settings
    profile: Profile
    gallery: Gallery
    folder: Path
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some scenes of one row."""

    row: Row
    scenes: Sequence[Scene]


_place: Range | None = None
_resources = contextlib.ExitStack()


def begin(equipment: Equipment) -> None:
    """Load everything; called once in each process, which then keeps it."""
    global _place  # noqa: PLW0603  # a pool's initializer has nowhere else to leave what its tasks use
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    settings = equipment.settings
    models = _resources.enter_context(load_models(settings.engine))
    parts = GateParts(settings, equipment.profile, models, equipment.gallery)
    _place = Range(
        twins=Twins.load(settings.engine, equipment.profile, certificates_asked(equipment.profile, settings.policy)),
        judge=Judge(parts),
        known_judge=Judge(parts, unsafe_seed=KNOWN_SEED),
        folder=equipment.folder,
        seed=equipment.seed,
    )


def run(chunk: Chunk) -> list[Record]:
    """Run a chunk. Raises as :func:`redteam.campaign.craft.run_row` does."""
    if _place is None:
        raise RuntimeError("begin() was not called in this process")
    return run_row(chunk.row, chunk.scenes, _place)
