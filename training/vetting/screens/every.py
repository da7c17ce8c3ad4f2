"""All screens: the ones that quarantine, and the ones that are only shown."""

from training.vetting.screen import Screen
from training.vetting.screens.labels import NeighborScreen, OtherScreen, OwnScreen
from training.vetting.screens.morphs import MorphScreen, WolfScreen
from training.vetting.screens.outliers import (
    ClusterScreen,
    CovarianceScreen,
    FactorScreen,
    ForestScreen,
    SpectralScreen,
)
from training.vetting.screens.triggers import DisagreementScreen, GainScreen, HiddenScreen, SqueezeScreen


def every_screen(models: tuple[str, ...]) -> tuple[Screen, ...]:
    """Return the screens that quarantine by a limit; doubles are found by their own rule.

    Args:
        models: model ids; the first is the verifier.
    """
    screens: list[Screen] = [HiddenScreen(), GainScreen(), MorphScreen()]
    for model in models:
        screens += [OwnScreen(model), OtherScreen(model), SqueezeScreen(model)]
    return (*screens, *(DisagreementScreen(model) for model in models[1:]))


def every_hint(models: tuple[str, ...]) -> tuple[Screen, ...]:
    """Return what is shown to reviewers beside a finding and quarantines nothing by itself.

    Published statistics that see little on faces, or too much: measured in docs/reference/vetting.md.

    Args:
        models: model ids; the first is the verifier.
    """
    verifier = models[0]
    hints: list[Screen] = [screen(model) for model in models for screen in (NeighborScreen, WolfScreen)]
    hints += [FactorScreen(verifier), ForestScreen(verifier), CovarianceScreen(verifier)]
    return (*hints, SpectralScreen(verifier), ClusterScreen(verifier))
