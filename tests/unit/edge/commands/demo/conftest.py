"""Results of scenes as the demo makes them, without playing any."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.commands.demo.facts import Facts
from edge.commands.demo.result import SceneResult
from edge.commands.demo.scenes import all_scenes
from tests.support.demo_results import a_good_result


@pytest.fixture
def make_result() -> Callable[..., SceneResult]:
    """Returns the result of a scene by its name: as it must be, but for ``changes``."""
    scenes = {scene.name: scene for scene in all_scenes()}

    def make(name: str, **changes: object) -> SceneResult:
        return replace(a_good_result(scenes[name]), **changes)  # type: ignore[arg-type] # named by the test

    return make


@pytest.fixture
def good_results() -> tuple[SceneResult, ...]:
    """All scenes as they must be."""
    return tuple(a_good_result(scene) for scene in all_scenes())


@pytest.fixture
def facts() -> Facts:
    return Facts(
        environment="development",
        gate_version="0.0.1",
        models="two <models>",
        profile="p",
        broker="b",
        enrolled="somebody",
        played="2026-01-02 03:04 UTC",
    )
