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
    # As the daemon of the tests is called: enrolling makes an event, which must be of the gate that sends it.
    env = {"EDGE__GATE__SITE": "site1", "EDGE__GATE__GATE": "gate1"}
    ran = edge_gate("people", "enroll", "Eileen", source, "--state", folder, "--json", env=env)
    assert ran.code == 0, ran.err
    assert ran.records[0]["templates"] >= 3
    return folder
