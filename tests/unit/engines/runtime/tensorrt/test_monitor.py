"""How far a build is, and stopping one."""

import pytest

from engines.runtime.tensorrt.monitor import BuildFraction, progress_monitor
from tests.support.tensorrt_stage import TensorRTStage


def test_nested_phases_count_as_a_step_of_what_they_are_part_of() -> None:
    fraction = BuildFraction()
    fraction.start("all", None, 2)
    fraction.start("inner", "all", 4)
    assert fraction.step("inner", 1) == pytest.approx(0.25)
    fraction.finish("inner")
    assert fraction.step("all", 0) == pytest.approx(0.5)
    fraction.start("inner", "all", 1)
    assert fraction.step("inner", 0) == pytest.approx(1.0)


def test_it_never_goes_back_and_never_leaves_its_range() -> None:
    fraction = BuildFraction()
    fraction.start("all", None, 2)
    assert fraction.step("all", 9) == 1.0
    assert fraction.step("all", 0) == 1.0
    assert fraction.step("unknown", 0) == 1.0
    fraction.finish("all")
    fraction.start("next", "gone", 0)
    assert fraction.step("next", 0) == 1.0


def test_tensorrt_is_told_to_stop_when_it_shall(stage: TensorRTStage) -> None:
    told: list[float] = []
    is_canceled = False
    monitor = progress_monitor(told.append, lambda: is_canceled)
    assert isinstance(monitor, stage.trt.IProgressMonitor)
    monitor.phase_start("all", None, 2)
    assert monitor.step_complete("all", 0) is True
    is_canceled = True
    assert monitor.step_complete("all", 1) is False
    monitor.phase_finish("all")
    assert told == [0.5]


def test_a_progress_that_cannot_be_told_ends_the_build_not_the_process(stage: TensorRTStage) -> None:
    def broken(fraction: float) -> None:
        raise BrokenPipeError

    monitor = progress_monitor(broken, lambda: False)
    monitor.phase_start("all", None, 2)
    assert monitor.step_complete("all", 0) is False
