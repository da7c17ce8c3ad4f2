"""What TensorRT says ends in the log, never in an exception."""

import threading

import pytest
import structlog

from engines.runtime.tensorrt.log import forget_errors, last_errors, logger, note
from tests.support.tensorrt_stage import TensorRTStage


def test_there_is_one_logger_a_process(stage: TensorRTStage) -> None:
    assert logger() is logger()
    assert isinstance(logger(), stage.trt.ILogger)


def test_errors_are_kept_until_they_are_forgotten(stage: TensorRTStage) -> None:
    severity = stage.trt.ILogger.Severity
    forget_errors()
    assert last_errors() == "TensorRT gave no reason"
    logger().log(severity.WARNING, "slow")
    logger().log(severity.VERBOSE, "chatter")
    logger().log(severity.ERROR, "first")
    logger().log(severity.INTERNAL_ERROR, "second")
    assert last_errors() == "first; second"
    forget_errors()
    assert "first" not in last_errors()


def test_a_flood_of_errors_stays_small() -> None:
    forget_errors()
    for _ in range(1000):
        note("error", "x" * 10_000)
    assert len(last_errors()) < 4_000


def test_a_log_that_fails_is_no_fault_of_tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_errors()

    def broken(name: str) -> None:
        raise ValueError("closed")

    monkeypatch.setattr(structlog, "get_logger", broken)
    note("error", "kept all the same")
    assert last_errors() == "kept all the same"


def test_many_threads_may_log(stage: TensorRTStage) -> None:
    said = logger()
    threads = [
        threading.Thread(target=lambda: [said.log(stage.trt.ILogger.Severity.ERROR, "e") for _ in range(50)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert last_errors()
