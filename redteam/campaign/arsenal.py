"""Attacks by name, and what each attacker climbs: the threat models of the table, made of objectives and attacks."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from edge.daemon.models import DETECTOR, RECOGNIZERS, SCREENING, SECOND, model_store
from edge.defenses.randomize import random_views
from edge.domain.certificate import Certificate
from edge.domain.errors import UsageError
from edge.domain.profile import Profile
from edge.settings.sections import EngineSection
from engines.catalog import find_spec
from redteam.attacks.apgd import APGD
from redteam.attacks.base import Attack, Objective
from redteam.attacks.carlini import CarliniMargin
from redteam.attacks.gradient import FGSM, PGD, MomentumFGSM, blurred
from redteam.attacks.noise import Noise
from redteam.attacks.restarts import BestOf
from redteam.campaign.plan import Alignment, Attacker, Row
from redteam.objectives.adaptive import PastEveryCheck
from redteam.objectives.alignment import Aligner, DetectingAligner, FrozenAligner, Jitter, JitteredAligner
from redteam.objectives.certified import CertificateLacks
from redteam.objectives.displacement import Displacement
from redteam.objectives.likeness import Likeness
from redteam.objectives.views import DrawnViews, KnownViews, PlainViews, ViewSource
from redteam.scene import Scene
from redteam.success import MODEL_OF
from redteam.twins.detector import DetectorTwin
from redteam.twins.picture import PictureTwin

KNOWN_SEED = 20_180_408
"""Seed of the gate's views in the rows of the attacker who knows it."""

_SCORE_TO_SPARE = 0.05
_CW_CONFIDENCE = 0.1

_MODELS: Mapping[Attacker, tuple[str, ...]] = {
    Attacker.OBLIVIOUS: (SECOND,),
    Attacker.TRANSFER: (SCREENING,),
}


@dataclass(frozen=True, slots=True, eq=False)
class Twins:
    """What a white-box attacker holds: twins of models and detector, the thresholds, the certificates in force."""

    picture: PictureTwin
    detector: DetectorTwin
    profile: Profile
    certificates: tuple[Certificate, ...] = ()

    @staticmethod
    def load(options: EngineSection, profile: Profile, certificates: tuple[Certificate, ...] = ()) -> "Twins":
        """Return the twins of the built models, as the gate serves them.

        bfloat16 is used where the processor has it: gradients point the same way, in half the time, and what was
        found is judged by the served engines in any case.
        """
        store = model_store(options)
        detector = DetectorTwin(
            store.onnx_path(find_spec(DETECTOR)), width=options.detector_width_px, height=options.detector_height_px
        )
        is_bf16 = bool(torch.cpu._is_avx512_bf16_supported())  # noqa: SLF001  # torch has no public name for it
        return Twins(PictureTwin.load(RECOGNIZERS, store, is_bf16=is_bf16), detector, profile, certificates)


def objective_of(row: Row, scenes: Sequence[Scene], twins: Twins, *, seed: int) -> Objective:
    """Return what the row's attacker climbs on these scenes."""
    if row.attacker is Attacker.DISPLACEMENT:
        return _displacement(scenes, twins)
    models = (MODEL_OF[row.source],) if row.source else _MODELS.get(row.attacker, RECOGNIZERS)
    aligner = _aligner(row, scenes, twins, models, seed=seed)
    wanted = {m: torch.from_numpy(np.stack([s.wanted[m] for s in scenes])) for m in models}
    views = _views(row, len(scenes), seed)
    is_adaptive = row.attacker in {Attacker.ADAPTIVE, Attacker.SEED_KNOWN}
    if is_adaptive and all(scene.sign > 0 for scene in scenes):
        certified = _certified(scenes, twins)
        return PastEveryCheck(twins.picture, aligner, views, wanted, twins.profile, certified)
    return Likeness(twins.picture, aligner, views, wanted, sign=scenes[0].sign)


def _certified(scenes: Sequence[Scene], twins: Twins) -> CertificateLacks | None:
    """Return what an attacker climbs of the certificates in force; None where none is."""
    if not twins.certificates:
        return None
    return CertificateLacks(twins.picture, twins.certificates, [scene.wanted_occluded for scene in scenes])


def attack_of(row: Row, profile: Profile) -> Attack:
    """Return the row's attack: one of ``_ATTACKS``, the best of several starts (``a x 3``) or of several (``a+b``).

    Raises:
        UsageError: no attack has that name.
    """
    name, _, restarts = row.attack.partition(" x ")
    every = [_named(part, profile) for part in name.split("+")] * int(restarts or 1)
    return every[0] if len(every) == 1 else BestOf(*every)


def frames_of(scenes: Sequence[Scene]) -> Tensor:
    """Return the clean frames, float32 (n, 3, h, w), BGR, 0..255."""
    return torch.from_numpy(np.stack([s.pixels for s in scenes]).transpose(0, 3, 1, 2).astype(np.float32))


def _displacement(scenes: Sequence[Scene], twins: Twins) -> Objective:
    return Displacement(
        twins.detector,
        [scene.face for scene in scenes],
        least_score=twins.profile.detector_threshold + _SCORE_TO_SPARE,
        most_yaw_ratio=twins.profile.quality.most_yaw_ratio,
    )


def _aligner(row: Row, scenes: Sequence[Scene], twins: Twins, models: Sequence[str], *, seed: int) -> Aligner:
    faces = [scene.face for scene in scenes]
    if row.alignment is Alignment.FROZEN:
        return FrozenAligner(faces, models)
    if row.alignment is Alignment.JITTERED:
        return JitteredAligner(faces, models, Jitter(), seed=seed)
    return DetectingAligner(
        twins.detector,
        faces,
        models,
        least_score=twins.profile.detector_threshold + _SCORE_TO_SPARE,
        aims_at_landmarks=row.patch is not None,
    )


def _views(row: Row, count: int, seed: int) -> ViewSource:
    if row.attacker is Attacker.SEED_KNOWN:
        return KnownViews(random_views(random.Random(KNOWN_SEED)))  # noqa: S311  # the gate is made to draw the same
    if row.attacker is Attacker.ADAPTIVE:
        return DrawnViews(count, draws=max(1, row.draws), has_squeezes=True, seed=seed)
    if row.attacker is Attacker.TRANSFER:
        return DrawnViews(count, draws=2, has_squeezes=False, seed=seed)
    return PlainViews()


def _named(name: str, profile: Profile) -> Attack:
    for pattern, make in _ATTACKS.items():
        if found := re.fullmatch(pattern, name):
            return make(int(found[1]) if found.groups() else 1, profile)
    raise UsageError(
        f"no attack is called {name!r}", hint="names are such as pgd-20, apgd-40, pgd-40 x 2 or bim-40+bim-10"
    )


def _carlini(steps: int, profile: Profile) -> Attack:
    return CarliniMargin(profile.match.alone[SECOND] + _CW_CONFIDENCE, steps=steps, searches=2)


_ATTACKS: Mapping[str, Callable[[int, Profile], Attack]] = {
    r"noise": lambda _, __: Noise(),
    r"fgsm": lambda _, __: FGSM(),
    r"pgd-(\d+)": lambda steps, _: PGD(steps),
    r"bim-(\d+)": lambda steps, _: PGD(steps, has_random_start=False),
    r"mi-fgsm-(\d+)": lambda steps, _: MomentumFGSM(steps),
    r"ti-mi-fgsm-(\d+)": lambda steps, _: MomentumFGSM(steps, smoothing=blurred),
    r"patch-(\d+)": lambda steps, _: MomentumFGSM(steps, decay=0.9, reach=steps / 25, has_decaying_steps=True),
    r"apgd-(\d+)": lambda steps, _: APGD(steps),
    r"cw-margin-(\d+)": _carlini,
}
