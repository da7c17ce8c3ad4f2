"""Times screening against OpenCV, in turns on the same frames, and verification; figures are medians of the runs."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.commands.bench_gate import Screening, Verification
from edge.commands.bench_opencv import OpenCVFaces
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.vision.motion.plane import PlaneFollower
from engines.runtime.metered import Meter

T = TypeVar("T")

_BLOCK_FRAMES = 10
_WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of one stage of the gate, run by run.

    Attributes:
        stage_ms: of the whole stage.
        engine_ms: of that, inside the engines' runtime.
        is_whole: whether the run did all of the stage's work.
    """

    stage_ms: list[float] = field(default_factory=list)
    engine_ms: list[float] = field(default_factory=list)
    is_whole: list[bool] = field(default_factory=list)

    @property
    def overhead(self) -> float:
        """Median, over the runs, of stage time to raw engine time."""
        return float(np.median(np.divide(self.stage_ms, self.engine_ms)))

    def whole_against(self, other: "Spent") -> NDArray[np.float64]:
        """Return this stage's and another's milliseconds, (rounds, 2), of the rounds that were whole here."""
        both = np.array([self.stage_ms, other.stage_ms], np.float64).T
        whole: NDArray[np.float64] = both[np.array(self.is_whole, bool)]
        return whole

    def time(self, meter: Meter, call: Callable[[], T]) -> T:
        """Run ``call``, add what it took, and return what it gave."""
        meter.take_ns()
        elapsed_ms, result = timed(call)
        self.stage_ms.append(elapsed_ms)
        self.engine_ms.append(meter.take_ns() / 1e6)
        self.is_whole.append(bool(result))
        return result


@dataclass(frozen=True, slots=True)
class ScreeningTimes:
    """Screening and OpenCV on the same frames.

    Attributes:
        gate: time of the gate's screening.
        opencv_ms: milliseconds of OpenCV.
        judged: frames in which the gate judged a face, and that face.
        opencv_faces: whether OpenCV found a face, frame by frame.
    """

    gate: Spent = field(default_factory=Spent)
    opencv_ms: list[float] = field(default_factory=list)
    judged: list[tuple[Frame, Face]] = field(default_factory=list)
    opencv_faces: list[bool] = field(default_factory=list)


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Return the milliseconds that a call took, and what it gave."""
    start_ns = time.perf_counter_ns()
    result = call()
    return (time.perf_counter_ns() - start_ns) / 1e6, result


def measure_screening(
    frames: Iterable[Frame], screening: Screening, opencv: OpenCVFaces, meter: Meter
) -> ScreeningTimes:
    """Let both look at every frame, a block each in turns; who is first alternates.

    A machine that is slow for a while is so for both; within a block each finds its own data in the cache, as it
    does when it runs alone. The first frame of a block pays for the change and does not count, for either.

    Raises:
        EdgeError: either failed.
    """
    uncounted, times = ScreeningTimes(), ScreeningTimes()
    for number, block in enumerate(_blocks(frames)):
        looks = [partial(_gate_look, screening, meter), partial(_opencv_look, opencv)]
        for look in looks if number % 2 else reversed(looks):
            for place, frame in enumerate(block):
                look(frame, times if place else uncounted)
    return times


def _gate_look(screening: Screening, meter: Meter, frame: Frame, times: ScreeningTimes) -> None:
    face = times.gate.time(meter, partial(screening.look, frame))
    if face is not None:
        times.judged.append((frame, face))


def _opencv_look(opencv: OpenCVFaces, frame: Frame, times: ScreeningTimes) -> None:
    elapsed_ms, is_found = timed(partial(opencv.look, frame.pixels))
    times.opencv_ms.append(elapsed_ms)
    times.opencv_faces.append(is_found)


def _blocks(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    rest = iter(frames)
    while block := list(islice(rest, _BLOCK_FRAMES)):
        yield block


def measure_verifications(
    judged: Sequence[tuple[Frame, Face]], stages: Mapping[str, Verification], meter: Meter, *, rounds: int
) -> dict[str, Spent]:
    """Verify real faces, one a round and each way in turns; the first rounds warm up and do not count.

    Args:
        judged: frames with their faces, at least one.
        stages: ways to verify, by name.
        meter: of the stages' engines.
        rounds: how many verifications are measured.

    Returns:
        What each way spent, round by round, so that ways can be compared within a round.

    Raises:
        EdgeError: a stage failed.
    """
    warm_up, spent = Spent(), {name: Spent() for name in stages}
    step = max(1, len(judged) // (rounds + _WARM_UP))
    for number, (frame, face) in enumerate(islice(cycle(judged[::step]), rounds + _WARM_UP)):
        for name, stage in stages.items():
            kept = warm_up if number < _WARM_UP else spent[name]
            kept.time(meter, partial(stage.look, frame, face))
    return spent


def measure_motion(judged: Sequence[tuple[Frame, Face]], follower: PlaneFollower) -> list[float]:
    """Return the milliseconds of looking at the motion of a face, frame by frame.

    A gate looks at some fifteen frames a second, from the first frame in which somebody enrolled was recognized until
    its finding is made; never at an empty scene or at strangers.

    Args:
        judged: frames with their faces, in order, at least one.
        follower: measures.
    """
    return [timed(partial(follower.change, frame.pixels, face.landmarks))[0] for frame, face in judged]
