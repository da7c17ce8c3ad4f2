"""An attack of ours that reaches less than ART's with the same budget, steps and start has a bug."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from calibration.pictures.faces import FacePicture, FaceReader  # noqa: E402
from calibration.pictures.identities import pictures_of  # noqa: E402
from calibration.pictures.pairs import in_split_a  # noqa: E402
from edge.daemon.assembly import read_profile  # noqa: E402
from edge.daemon.models import SECOND, load_models, model_store  # noqa: E402
from edge.domain.errors import EdgeError  # noqa: E402
from edge.settings.load import load_settings  # noqa: E402
from redteam.attacks.apgd import APGD  # noqa: E402
from redteam.attacks.base import Attack, gain_of  # noqa: E402
from redteam.attacks.budget import LinfBall  # noqa: E402
from redteam.attacks.gradient import FGSM, PGD, MomentumFGSM  # noqa: E402
from redteam.objectives.alignment import FrozenAligner  # noqa: E402
from redteam.objectives.likeness import Likeness  # noqa: E402
from redteam.objectives.views import PlainViews  # noqa: E402
from redteam.oracle.art_adapter import ATTACKS, CosineLogits, Plan, attack, seeded  # noqa: E402
from redteam.twins.picture import PictureTwin  # noqa: E402

DATA = Path(__file__).parents[5] / "shared" / "data" / "lfw"
SCENES = 6
EPS = 2.0
STEPS = 20
SEED = 1
SLACK = 0.01

Tensor = Any

pytestmark = [
    pytest.mark.models,
    pytest.mark.data,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("e2e"),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no evaluation pictures at {DATA}"),
]


@dataclass(frozen=True)
class Stage:
    """Scenes against the bare FaceNet, for our attacks and for ART's."""

    clean: Tensor
    objective: Likeness
    models: list[CosineLogits]


class _StartsAt(LinfBall):
    """The ball, begun where ART begins."""

    def __init__(self, clean: Tensor, offset: Tensor) -> None:
        super().__init__(clean, EPS)
        self._offset = offset

    def start(self, generator: Any) -> Tensor:
        return self.project(self.clean + self._offset)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    pytest.importorskip("art", reason="ART is not installed: make redteam-setup")
    settings = load_settings(None, state_dir=tmp_path_factory.mktemp("state"))
    with contextlib.ExitStack() as stack:
        try:
            models = stack.enter_context(load_models(settings.engine, batches=(1,)))
        except EdgeError as error:
            pytest.skip(f"no models: {error}; {error.hint}")
        profile = read_profile(settings, models, environment="development")
        reader = FaceReader(models, detector_threshold=profile.detector_threshold)
        everybody = [paths[0] for name, paths in pictures_of(DATA).items() if not in_split_a(name)]
        faces = [face for path in everybody[: 4 * SCENES] if (face := reader.read(path)) is not None][: 2 * SCENES]
    twin = PictureTwin.load([SECOND], model_store(settings.engine), is_bf16=True)
    return _staged(faces[:SCENES], faces[SCENES:], twin, profile.match.alone[SECOND])


def _staged(attackers: list[FacePicture], victims: list[FacePicture], twin: PictureTwin, threshold: float) -> Stage:
    clean = torch.stack([torch.from_numpy(a.frame.pixels.copy()).permute(2, 0, 1).float() for a in attackers])
    wanted = torch.from_numpy(np.concatenate([victim.vectors[SECOND] for victim in victims]))
    aligner = FrozenAligner([attacker.face for attacker in attackers], [SECOND])
    return Stage(
        clean=clean,
        objective=Likeness(twin, aligner, PlainViews(), {SECOND: wanted}),
        models=[
            CosineLogits(twin, SECOND, matrix, goal, threshold=threshold)
            for matrix, goal in zip(aligner.clean[SECOND], wanted, strict=True)
        ],
    )


def _theirs(stage: Stage, name: str) -> Tensor:
    plan = Plan(eps=EPS, steps=STEPS, seed=SEED)
    rows = zip(stage.models, stage.clean.split(1), strict=True)
    return torch.cat([attack(ATTACKS[name], model, frame, plan) for model, frame in rows])


def _random_start(stage: Stage) -> Tensor:
    """Return what ART draws before anything else."""
    with seeded(SEED):
        drawn = np.random.uniform(-EPS, EPS, stage.clean[0].numel())  # noqa: NPY002  # the generator that ART uses
    return torch.from_numpy(drawn.astype(np.float32)).reshape(1, *stage.clean.shape[1:])


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("fgsm", FGSM()),
        ("pgd", PGD(STEPS)),
        ("mi-fgsm", MomentumFGSM(STEPS)),
        ("apgd", APGD(STEPS)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ours_reaches_what_art_reaches(stage: Stage, name: str, ours: Attack) -> None:
    torch.set_num_threads(1)
    offset = _random_start(stage) if name == "apgd" else torch.zeros_like(stage.clean)
    found = ours(stage.objective, _StartsAt(stage.clean, offset), seed=SEED)
    our_cosine = float(gain_of(stage.objective, found).mean())
    their_cosine = float(gain_of(stage.objective, _theirs(stage, name)).mean())
    clean_cosine = float(gain_of(stage.objective, stage.clean).mean())
    assert their_cosine > clean_cosine + 0.1, "ART did not attack"
    assert our_cosine >= their_cosine - SLACK, f"{name}: ours {our_cosine:.4f}, ART's {their_cosine:.4f}"
