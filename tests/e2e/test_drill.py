"""Every drill on the real pipeline, with real models. How soon a fault is noticed is the command's to judge, on a
machine that does nothing else; here it must be noticed, denied, told, and over when it is over."""

from collections.abc import Iterator

import pytest

from edge.commands.drill.broker_drill import play_without_broker
from edge.commands.drill.faults import Fault, gate_faults
from edge.commands.drill.play import play
from edge.commands.drill.rig import Base, prepare
from edge.daemon.models import load_models
from edge.settings.sections import EngineSection
from tests.support.gate_command import edge_gate

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e")]
ENGINE = EngineSection(answer_within_ms=4_000)
FAULTS = gate_faults(ENGINE.answer_within_ms)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    with load_models(ENGINE) as models:
        yield prepare(models, ENGINE, tmp_path_factory.mktemp("drill"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_denied_told_and_over_with_its_cause(base: Base, fault: Fault) -> None:
    result = play(fault, base)
    assert result.denied, result
    assert (result.reason, result.anomaly) == (fault.reason.value, fault.reason.value), result
    assert result.detected_ms is not None
    assert result.recovered_ms is not None, result


@pytest.mark.broker
def test_a_broker_that_goes_away_opens_nothing_and_is_told(base: Base) -> None:
    result = play_without_broker(base)
    assert result.denied, result
    assert result.anomaly == "fault_broker"
    assert result.recovered_ms is not None, result


def test_an_unknown_drill_is_a_usage_error_that_names_the_known() -> None:
    ran = edge_gate("drill", "earthquake")
    assert ran.code == 2
    assert "camera_frozen" in ran.err
    assert "broker_away" in ran.err
