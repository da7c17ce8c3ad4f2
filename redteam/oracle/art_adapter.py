"""The Adversarial Robustness Toolbox (ART) on our models: its attacks, our pictures, and the same question.

ART attacks classifiers, so a model and whom to be taken for become two classes, "somebody else" and "the victim":
logits ``s * [t - cos, cos - t]``, whose border lies where the cosine passes the threshold t. One scene is attacked
at a time: ART drops rows that are done from its batches, and with them whose victim is whose.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge.domain.errors import UsageError
from redteam.attacks.budget import WHITE, LinfBall
from redteam.attacks.gradient import REACH
from redteam.twins.picture import PictureTwin

SHARPNESS = 20.0
"""Factor s of the logits: steep enough to be sure of itself, flat enough to have gradients in float32."""

STRANGER, VICTIM = 0, 1

_GUIDE = -1.0  # what a frame that stands for the victim is filled with; no picture holds it


class CosineLogits(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """A recognizer before one scene, as a classifier of two classes.

    Args:
        picture: twins of the recognizers.
        model_id: the attacked one.
        matrix: float (2, 3), crop to frame, as the clean frame's face lies.
        wanted: float32 (d,), unit embedding to be taken for.
        threshold: cosine from which it is the victim.
    """

    def __init__(
        self, picture: PictureTwin, model_id: str, matrix: Tensor, wanted: Tensor, *, threshold: float
    ) -> None:
        super().__init__()
        self._picture = picture
        self._model_id = model_id
        self._matrix = matrix
        self._threshold = threshold
        self.wanted = wanted
        self.eval()

    def embed(self, frames: Tensor) -> Tensor:
        """Return unit embeddings (n, d) of frames float32 (n, 3, h, w), BGR, 0..255."""
        return self._picture.embed(self._model_id, frames, self._matrix.expand(len(frames), 2, 3))[:, 0]

    def cosine(self, frames: Tensor) -> Tensor:
        """Return the cosine to whom the attacker wants to be taken for, float32 (n,)."""
        return self.embed(frames) @ self.wanted

    def forward(self, frames: Tensor) -> Tensor:
        """Return logits (n, 2): somebody else, the victim."""
        margin = SHARPNESS * (self.cosine(frames) - self._threshold)
        return torch.stack([-margin, margin], dim=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard an attack tries.

    Attributes:
        eps: gray levels of 255.
        steps: gradient steps, or questions of an attack that only asks.
        seed: of ART's draws.
        has_random_start: where the attack knows both; APGD and Square always begin with noise.
    """

    eps: float
    steps: int = 20
    seed: int = 1
    has_random_start: bool = False

    @property
    def step(self) -> float:
        """Gray levels a step."""
        return REACH * self.eps / self.steps


Frames = NDArray[np.float32]
"""float32 (1, 3, h, w), BGR, 0..255."""

ArtAttack = Callable[[CosineLogits, Frames, Plan], Frames]


def attack(run: ArtAttack, model: CosineLogits, clean: Tensor, plan: Plan) -> Tensor:
    """Return one scene's frame as an attack of ART leaves it, in whole gray levels within the budget.

    Args:
        run: a value of ``ATTACKS``.
        model: the scene.
        clean: float32 (1, 3, h, w).
        plan: how hard to try.

    Raises:
        UsageError: ART is not installed.
    """
    if len(clean) != 1:
        raise ValueError(f"one scene at a time, got {len(clean)}")
    with seeded(plan.seed):
        found = run(model, clean.numpy().copy(), plan)
    return LinfBall(clean, plan.eps).quantized(torch.from_numpy(np.asarray(found, np.float32)))


def fgsm(model: CosineLogits, clean: Frames, plan: Plan) -> Frames:
    """``FastGradientMethod``: one step of the whole size."""
    tool = _evasion().FastGradientMethod(_classifier(model, clean), eps=plan.eps, targeted=True)
    return _generated(tool, clean)


def pgd(model: CosineLogits, clean: Frames, plan: Plan) -> Frames:
    """``ProjectedGradientDescentPyTorch``."""
    module = require("art.attacks.evasion.projected_gradient_descent.projected_gradient_descent_pytorch")
    tool = module.ProjectedGradientDescentPyTorch(
        _classifier(model, clean),
        eps=plan.eps,
        eps_step=plan.step,
        max_iter=plan.steps,
        targeted=True,
        num_random_init=int(plan.has_random_start),
        verbose=False,
    )
    return _generated(tool, clean)


def mi_fgsm(model: CosineLogits, clean: Frames, plan: Plan) -> Frames:
    """``MomentumIterativeMethod``; it always starts from the clean frame."""
    tool = _evasion().MomentumIterativeMethod(
        _classifier(model, clean),
        eps=plan.eps,
        eps_step=plan.step,
        decay=1.0,
        max_iter=plan.steps,
        targeted=True,
        verbose=False,
    )
    return _generated(tool, clean)


def apgd(model: CosineLogits, clean: Frames, plan: Plan) -> Frames:
    """``AutoProjectedGradientDescent`` from a random start, the first step twice the budget as in its paper.

    ART gives a row that did not succeed back as the random start, and one that did as its last frame; the attack's
    own best frame is the better of the two answers and is returned where it is nearer to the victim.
    """
    tool = _evasion().AutoProjectedGradientDescent(
        _classifier(model, clean),
        eps=float(plan.eps),
        eps_step=2.0 * plan.eps,
        max_iter=plan.steps,
        targeted=True,
        nb_random_init=1,
        loss_type="cross_entropy",
        verbose=False,
    )
    returned = _generated(tool, clean)
    best = np.asarray(getattr(tool, "x_max", returned), np.float32)
    with torch.no_grad():
        cosines = model.cosine(torch.from_numpy(np.concatenate([returned, best])))
    return best if bool(cosines[1] > cosines[0]) else returned


def feature_adversaries(model: CosineLogits, clean: Frames, plan: Plan) -> Frames:
    """``FeatureAdversariesPyTorch``: steps that shorten the distance of embeddings (Sabour et al., ICLR 2016).

    It wants a guide picture and reads its embedding; here the guide stands for the victim's embedding itself.
    """
    classifier = _classifier(model, clean)

    def activations(frames: Tensor, *_: object) -> Tensor:
        return model.wanted.unsqueeze(0) if float(frames.detach().max()) == _GUIDE else model.embed(frames)

    classifier.get_activations = activations
    tool = _evasion().FeatureAdversariesPyTorch(
        classifier,
        delta=float(plan.eps),
        step_size=plan.step,
        max_iter=plan.steps,
        random_start=plan.has_random_start,
        verbose=False,
    )
    return np.asarray(tool.generate(clean, np.full_like(clean, _GUIDE)), np.float32)


def square(model: CosineLogits, clean: Frames, plan: Plan) -> Frames:
    """``SquareAttack`` on the whole frame: it knows no face, and stops at the threshold."""
    tool = _evasion().SquareAttack(
        _classifier(model, clean), eps=plan.eps, max_iter=plan.steps, p_init=0.05, verbose=False
    )
    return np.asarray(tool.generate(clean, _one_hot(STRANGER)), np.float32)


ATTACKS: Mapping[str, ArtAttack] = {
    "fgsm": fgsm,
    "pgd": pgd,
    "mi-fgsm": mi_fgsm,
    "apgd": apgd,
    "feature": feature_adversaries,
    "square": square,
}


def require(module: str) -> Any:
    """Return a module of a library that only the red team needs.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = error.name or module.partition(".")[0]
        raise UsageError(f"{name} is not installed", hint="run 'make redteam-setup'") from error


_NUMPY_SEEDS = 2**32  # the seeds of campaigns have 48 bits


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators that ART draws from, and put them back after."""
    state = np.random.get_state()  # noqa: NPY002  # ART has no other source of chance
    try:
        with torch.random.fork_rng(devices=[]):
            np.random.seed(seed % _NUMPY_SEEDS)  # noqa: NPY002
            torch.manual_seed(seed)
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _evasion() -> Any:
    return require("art.attacks.evasion")


def _classifier(model: CosineLogits, clean: Frames) -> Any:
    return require("art.estimators.classification").PyTorchClassifier(
        model=model,
        loss=nn.CrossEntropyLoss(),
        input_shape=clean.shape[1:],
        nb_classes=2,
        clip_values=(0.0, WHITE),
        device_type="cpu",
    )


def _generated(tool: Any, clean: Frames) -> Frames:
    return np.asarray(tool.generate(clean, _one_hot(VICTIM)), np.float32)


def _one_hot(label: int) -> NDArray[np.float32]:
    return np.eye(2, dtype=np.float32)[[label]]
