"""The build in its own process: progress, refusals, crashes, cancellation and who builds when two want the same."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engines.errors import EngineError
from engines.progress import Silent
from engines.runtime.registry import create_engine
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt import build_process
from engines.runtime.tensorrt.build_process import BuildJob, run_build
from tests.support.tensorrt_stage import ROOT, TensorRTStage, tensorrt_stage


class Watcher:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def start(self, label: str, total_bytes: int | None) -> None:
        self.told.append((label, total_bytes))

    def advance(self, done_bytes: int) -> None:
        self.told.append(done_bytes)

    def finish(self) -> None:
        self.told.append("finish")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[TensorRTStage]:
    """The newest version alone: a process is started for each of these tests, and versions differ elsewhere."""
    with tensorrt_stage(monkeypatch) as made:
        yield made


@pytest.fixture
def job(wanted: EngineRequest, tmp_path: Path) -> BuildJob:
    folder = tmp_path / "plans"
    folder.mkdir(mode=0o700)
    return BuildJob(
        model_path=str(wanted.model_path),
        model_sha256=wanted.model_sha256,
        input_shape=wanted.input_shape,
        output_names=wanted.output_names,
        workspace_bytes=2**20,
        optimization_level=3,
        plan_path=str(folder / ".part-plan"),
        timing_path=str(folder / "11-87.timing"),
    )


def left_behind(job: BuildJob) -> list[str]:
    return sorted(path.name for path in Path(job.plan_path).parent.iterdir())


def test_a_plan_is_built_and_its_progress_told(stage: TensorRTStage, job: BuildJob) -> None:
    watcher = Watcher()
    assert run_build(job, "build toy", watcher) > 0
    assert Path(job.plan_path).stat().st_mode & 0o777 == 0o600
    assert watcher.told[0] == ("build toy", 1000)
    assert watcher.told[-2:] == [1000, "finish"]
    assert left_behind(job) == [".part-plan", "11-87.timing", "11-87.timing.lock"]


def test_what_a_build_measured_is_kept(stage: TensorRTStage, job: BuildJob) -> None:
    run_build(job, "build toy", Silent())
    assert Path(job.timing_path).read_bytes() == b"strict timing " + stage.trt.__version__.encode()
    Path(job.timing_path).write_bytes(b"garbage")
    Path(job.plan_path).unlink()
    run_build(job, "build toy", Silent())
    assert Path(job.timing_path).read_bytes().startswith(b"strict timing ")


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"Builder__create_network": None}, "cannot make a network"),
        ({"OnnxParser__parse": False}, "cannot read this ONNX file"),
        ({"Builder__build_serialized_network": None}, "cannot build this model"),
        ({"IBuilderConfig__add_optimization_profile": -1}, "refuses the shape"),
    ],
)
def test_a_refusal_in_the_child_is_an_engine_error_here(
    stage: TensorRTStage, job: BuildJob, faults: dict[str, object], message: str
) -> None:
    stage.fail_in_child(**faults)
    watcher = Watcher()
    with pytest.raises(EngineError, match=message) as caught:
        run_build(job, "build toy", watcher)
    assert caught.value.hint
    assert watcher.told[-1] == "finish"
    assert left_behind(job) == ["11-87.timing.lock"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_child_that_is_killed_is_an_engine_error_here(
    stage: TensorRTStage, job: BuildJob, number: signal.Signals
) -> None:
    stage.fail_in_child(kill=int(number))
    with pytest.raises(EngineError, match=number.name) as caught:
        run_build(job, "build toy", Silent())
    assert "memory" in caught.value.hint
    assert ".part-plan" not in left_behind(job)


def test_a_child_that_breaks_tells_how(stage: TensorRTStage, job: BuildJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRICT_TENSORRT_VERSION", "9.9")
    with pytest.raises(EngineError, match=r"ended with 1: .*KeyError: '9\.9'"):
        run_build(job, "build toy", Silent())


def test_another_onnx_file_is_not_built(stage: TensorRTStage, job: BuildJob) -> None:
    with pytest.raises(EngineError, match="sha256"):
        run_build(replace(job, model_sha256="0" * 64), "build toy", Silent())


def test_a_place_that_cannot_be_written_is_told(stage: TensorRTStage, job: BuildJob, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be written"):
        run_build(replace(job, plan_path=str(tmp_path / "none" / "plan")), "build toy", Silent())


def test_a_child_that_stands_still_is_stopped(
    stage: TensorRTStage, job: BuildJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_process, "_SILENCE_LIMIT_S", 1.0)
    monkeypatch.setattr(build_process, "_CANCEL_WAIT_S", 0.2)
    stage.build_slowly(30)
    start = time.monotonic()
    with pytest.raises(EngineError, match="stood still"):
        run_build(job, "build toy", Silent())
    assert time.monotonic() - start < 20
    assert ".part-plan" not in left_behind(job)


class Interrupted(Watcher):
    """Has had enough at the first sign of progress."""

    def advance(self, done_bytes: int) -> None:
        raise KeyboardInterrupt


def test_an_interrupted_build_ends_the_child_and_leaves_nothing(stage: TensorRTStage, job: BuildJob) -> None:
    stage.build_slowly(0.2)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_build(job, "build toy", Interrupted())
    assert time.monotonic() - start < 20
    assert left_behind(job) == ["11-87.timing.lock"]


def start_child(job: BuildJob) -> "subprocess.Popen[bytes]":
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", build_process.CHILD_MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps({name: getattr(job, name) for name in BuildJob.__slots__}).encode() + b"\n")
    child.stdin.flush()
    assert b"progress" in child.stdout.readline()
    return child


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_build_cancels_it(
    stage: TensorRTStage, job: BuildJob, number: signal.Signals
) -> None:
    stage.build_slowly(0.3)
    with start_child(job) as child:
        child.send_signal(number)
        assert child.wait(20) == 3
    assert left_behind(job) == ["11-87.timing.lock"]


def test_a_child_whose_parent_is_gone_cancels_its_build(stage: TensorRTStage, job: BuildJob) -> None:
    stage.build_slowly(0.3)
    with start_child(job) as child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == 3
    assert left_behind(job) == ["11-87.timing.lock"]


def _compile(wanted: EngineRequest) -> None:
    """Build in a process of its own; says whether it had to."""
    with pytest.MonkeyPatch.context() as patch, tensorrt_stage(patch):
        patch.setenv("STRICT_TENSORRT_STEP_S", "0.1")
        watcher = Watcher()
        create_engine("tensorrt", wanted).compile(watcher)
        has_built = bool(watcher.told)
    assert wanted.cache_dir is not None
    (wanted.cache_dir / f"{os.getpid()}.{'built' if has_built else 'found'}").touch()


def test_two_processes_that_want_the_same_plan_build_it_once(wanted: EngineRequest) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_compile, args=(wanted,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert wanted.cache_dir is not None
    assert len(list(wanted.cache_dir.glob("*.built"))) == 1
    assert len(list(wanted.cache_dir.glob("*.found"))) == 1
    assert len(list(wanted.cache_dir.glob("*.plan"))) == 1


def test_a_build_from_a_thread_that_takes_no_signals_works(stage: TensorRTStage, job: BuildJob) -> None:
    thread = threading.Thread(target=lambda: run_build(job, "build toy", Silent()))
    thread.start()
    thread.join()
    assert Path(job.plan_path).is_file()
