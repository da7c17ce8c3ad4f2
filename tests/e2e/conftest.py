"""A state folder in which the demo's astronaut is enrolled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gate_command import ENROLLED, edge_gate, free_models


@pytest.fixture(scope="session", autouse=True)
def _engines() -> Iterator[None]:
    yield
    free_models()


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate") / "state"
    source = f"synthetic:{ENROLLED}?frames=60&gap_s=0&enter_s=0&stay_s=0&seed=11"
    ran = edge_gate("people", "enroll", "Eileen", source, "--state", folder, "--json")
    assert ran.code == 0, ran.err
    assert ran.records[0]["templates"] >= 3
    return folder
