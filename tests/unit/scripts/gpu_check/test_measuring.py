"""What is measured can be missed: kernels that differ, frames that change, memory that grows."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.render.cuda.host import HostKernels
from engines.render.spec import CropGeometry, InputSpec, ViewSpec
from scripts.gpu_check import soak
from scripts.gpu_check.drawn import cases
from scripts.gpu_check.parity import measure_parity
from scripts.gpu_check.soak import measure_soak
from scripts.gpu_check.speed import moved_bytes, serving_case
from tests.support.host_kernels import needs_compiler

pytestmark = needs_compiler


class Rendering:
    """A device that renders what the host does, but for what ``spoil`` does to the pictures of a call by number."""

    def __init__(self, spoil: Callable[[int, np.ndarray], None] = lambda number, out: None) -> None:
        self._kernels, self._spoil, self._calls = HostKernels(), spoil, 0

    def render_native(
        self,
        pixels: NDArray[np.uint8],
        crop: CropGeometry,
        views: Sequence[ViewSpec],
        spec: InputSpec,
        out: NDArray[np.float32] | NDArray[np.float16],
    ) -> None:
        self._kernels.render_bytes(np.ascontiguousarray(pixels), crop, views, spec, out)
        self._spoil(self._calls, out)
        self._calls += 1


def test_equal_kernels_differ_nowhere() -> None:
    found = measure_parity(Rendering(), count=5)
    assert [f.is_met for f in found] == [True] * 5 + [None]
    assert [f.value for f in found] == [0] * 6


@pytest.mark.parametrize(("spoiled", "place"), [(2, 0), (20, 4), (22, 5)])
def test_one_bit_of_one_picture_is_seen(spoiled: int, place: int) -> None:
    def spoil(number: int, out: np.ndarray) -> None:
        if number == spoiled:
            out.reshape(-1).view(np.uint8)[0] ^= 1

    found = measure_parity(Rendering(spoil), count=5)
    assert [f.value for f in found] == [int(number == place) for number in range(6)]
    assert [f.is_met for f in found] == [number != place for number in range(5)] + [None]


def test_drawn_cases_are_the_same_every_time_and_of_every_kind() -> None:
    for is_nv12 in (False, True):
        first, second = (list(cases(40, seed=3, is_nv12=is_nv12)) for _ in range(2))
        assert all(
            a.views == b.views and np.array_equal(a.pixels, b.pixels) for a, b in zip(first, second, strict=True)
        )
        assert all(case.pixels.ndim == (2 if is_nv12 else 3) for case in first)
        assert len({view.squeeze for case in first for view in case.views}) == 4
        assert any(view.occlusions for case in first for view in case.views)


def test_a_frame_that_becomes_another_picture_is_seen() -> None:
    def spoil(number: int, out: np.ndarray) -> None:
        if number == 8:
            out[0, 0, 0, 0] += 1

    case = next(cases(1, seed=1))
    assert [f.is_met for f in measure_soak(Rendering(), case, frames=4)][:2] == [True, None]
    # Five renderings before, the last of them the first frame's; then first, second, first, second.
    changed = measure_soak(Rendering(lambda n, out: spoil(n + 1, out)), case, frames=4)[0]
    assert (changed.value, changed.is_met) == (1, False)


def test_memory_that_grows_is_seen_and_what_is_not_told_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([100.0, 103.5])
    monkeypatch.setattr(soak, "_host_mib", lambda: next(told))
    monkeypatch.setattr(soak, "_device_mib", lambda: None)
    host, device = measure_soak(Rendering(), next(cases(1, seed=1)), frames=2)[2:]
    assert (host.value, host.is_met) == (3.5, False)
    assert (device.value, device.is_met) == ("not measured", None)


def test_the_serving_case_is_what_the_issue_asks_for() -> None:
    case = serving_case()
    assert case.pixels.shape == (720, 1280, 3)
    assert len(case.views) == 32
    assert len({view.squeeze for view in case.views}) == 4
    assert moved_bytes(case, np.dtype(np.float16)) == 3 * 300**2 + 32 * 3 * 160**2 * 2
