"""Every engine with what renders its input: shown views of frames, it answers as the model would of the pictures."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.embedding import Binding
from edge.domain.errors import DeviceGoneError, RecognitionError
from edge.recognition.embed import Embedder
from engines.gpu.device import opened_device
from engines.gpu.thread import OwnerThread
from engines.render.cpu import CPURenderer
from engines.render.cuda.device import RenderDevice
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec
from engines.views.base import SAMPLE_STEP, ViewEngine
from engines.views.device import DeviceViews
from engines.views.host import HostViews
from tests.support.host_cuda import FATBIN, ILLEGAL_ADDRESS, HostCuda, begun_host_cuda, needs_host_cuda
from tests.support.host_kernels import HostKernels, needs_compiler
from tests.support.nv12 import bgr_of, nv12_of
from tests.support.toy_device_engine import SIDE, ToyDeviceEngine, ToyEngine, rows_of

SPEC = InputSpec(SIDE, ChannelOrder.RGB, 127.5, 1 / 128)
CROP = CropGeometry.from_matrix(np.array([[1.5, 0.2, 4.0], [-0.2, 1.5, 9.0]]))
FAR = CropGeometry.from_matrix(np.array([[2.6, 0.0, 1.0], [0.0, 2.6, 2.0]]))
VIEWS = (
    PLAIN,
    ViewSpec(name="random", inner=Region(0.1, 0.2, 0.7, 0.7), fill=99),
    ViewSpec(name="median", squeeze=Squeeze.MEDIAN3, occlusions=(Region(0.2, 0.2, 0.3, 0.5),), fill=128),
)
BATCH = 4
Pixels = NDArray[np.uint8]


@dataclass
class Stage:
    """One implementation, and the pictures that its model sees."""

    views: ViewEngine
    engine: ToyEngine
    dtype: type[np.float32] | type[np.float16] = np.float32
    cuda: HostCuda | None = None
    stack: ExitStack = field(default_factory=ExitStack)

    def pictures(self, shown: list[tuple[Pixels, CropGeometry, ViewSpec]]) -> NDArray[np.float32]:
        """Return the pictures of some views, as the kernels define them."""
        shape = (len(shown), 3, SIDE, SIDE)
        out = np.empty(shape, np.float32) if self.dtype is np.float32 else np.empty(shape, np.float16)
        for row, (pixels, crop, view) in enumerate(shown):
            HostKernels().render_bytes(np.ascontiguousarray(pixels), crop, [view], SPEC, out[row : row + 1])
        return out.astype(np.float32)


def on_host() -> Stage:
    engine = ToyEngine(BATCH)
    engine.activate()
    return Stage(HostViews(engine, HostKernels(), SPEC, "y"), engine)


def on_device(*, is_integrated: bool, dtype: type[np.float32] | type[np.float16] = np.float32) -> Stage:
    cuda = begun_host_cuda(is_integrated=is_integrated)
    owner = OwnerThread(opened_device)
    engine = ToyDeviceEngine(BATCH, owner, dtype)
    engine.activate()
    device = RenderDevice(owner, FATBIN)
    views = DeviceViews(engine, device, SPEC, output="y", batch=BATCH)
    stage = Stage(views, engine, dtype, cuda)
    for close in (owner.close, device.close, views.close):
        stage.stack.callback(close)
    return stage


STAGES: dict[str, Callable[[], Stage]] = {
    "host": on_host,
    "integrated": lambda: on_device(is_integrated=True),
    "discrete": lambda: on_device(is_integrated=False),
    "discrete-fp16": lambda: on_device(is_integrated=False, dtype=np.float16),
}
DEVICES = [pytest.param(name, marks=needs_host_cuda) for name in STAGES if name != "host"]


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    stage = STAGES[str(request.param)]()
    with stage.stack:
        yield stage


everywhere = pytest.mark.parametrize("stage", [pytest.param("host", marks=needs_compiler), *DEVICES], indirect=True)
on_devices = pytest.mark.parametrize("stage", DEVICES, indirect=True)


def frame(seed: int, height: int = 70, width: int = 90) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@everywhere
def test_one_frame_and_many_views(stage: Stage) -> None:
    pixels = frame(1)
    stage.views.show(0, pixels, CROP, VIEWS)
    answer = stage.views.answer(len(VIEWS))
    pictures = stage.pictures([(pixels, CROP, view) for view in VIEWS])
    np.testing.assert_array_equal(answer.rows, rows_of(pictures))
    np.testing.assert_array_equal(answer.sample, pictures[:, :, ::SAMPLE_STEP, ::SAMPLE_STEP])
    assert stage.views.batch == BATCH


@everywhere
def test_a_native_frame_is_shown_in_the_colors_of_the_converted_one_or_refused(stage: Stage) -> None:
    native = nv12_of(frame(1))
    if not stage.views.takes_nv12:
        with pytest.raises(ValueError, match="frame"):
            stage.views.show(0, native, CROP, VIEWS)
        return
    stage.views.show(0, native, CROP, VIEWS)
    pictures = stage.pictures([(bgr_of(native), CROP, view) for view in VIEWS])
    np.testing.assert_array_equal(stage.views.answer(len(VIEWS)).rows, rows_of(pictures))


@everywhere
def test_many_frames_row_by_row_of_any_size_and_crop(stage: Stage) -> None:
    shown = [
        (frame(1), CROP, PLAIN),
        (frame(2), FAR, VIEWS[1]),
        (frame(3, 41, 33), CROP, PLAIN),
        (frame(1), FAR, PLAIN),
    ]
    for row, (pixels, crop, view) in enumerate(shown):
        stage.views.show(row, pixels, crop, (view,))
    answer = stage.views.answer(len(shown))
    np.testing.assert_array_equal(answer.rows, rows_of(stage.pictures(shown)))


@everywhere
def test_a_row_that_is_shown_again_holds_what_came_last(stage: Stage) -> None:
    stage.views.show(0, frame(1), CROP, (PLAIN, PLAIN))
    stage.views.show(1, frame(2), FAR, (VIEWS[1],))
    stage.views.show(0, frame(3), CROP, (VIEWS[2],))
    answer = stage.views.answer(2)
    wanted = stage.pictures([(frame(3), CROP, VIEWS[2]), (frame(2), FAR, VIEWS[1])])
    np.testing.assert_array_equal(answer.rows, rows_of(wanted))


@everywhere
def test_what_is_shown_later_changes_no_row_of_what_was_shown_before(stage: Stage) -> None:
    fixed = frame(1)
    fixed.setflags(write=False)
    stage.views.show(0, fixed, CROP, VIEWS)
    stage.views.show(0, fixed, FAR, (PLAIN,))
    answer = stage.views.answer(3)
    wanted = stage.pictures([(fixed, FAR, PLAIN), (fixed, CROP, VIEWS[1]), (fixed, CROP, VIEWS[2])])
    np.testing.assert_array_equal(answer.rows, rows_of(wanted))


@everywhere
@pytest.mark.parametrize("is_read_only", [True, False])
def test_memory_that_is_used_again_for_another_frame_is_looked_at_again(stage: Stage, is_read_only: bool) -> None:
    memory = frame(1)
    pixels = memory.view()  # read-only or not, somebody else can write to its memory
    pixels.setflags(write=not is_read_only)
    for seed in (1, 2, 3):
        memory[...] = frame(seed)
        stage.views.show(0, pixels, CROP, (PLAIN,))
        memory[...] = 0  # it is not needed any more
        rows = stage.views.answer(1).rows
        np.testing.assert_array_equal(rows, rows_of(stage.pictures([(frame(seed), CROP, PLAIN)])))


@everywhere
def test_what_cannot_be_shown_is_refused_and_leaves_it_usable(stage: Stage) -> None:
    far = CropGeometry(np.array([[1.0, 0, 1e7], [0, 1.0, 0]]), 1)
    for row, pixels, crop, views in (
        (0, frame(1), CROP, (PLAIN,) * (BATCH + 1)),
        (BATCH, frame(1), CROP, (PLAIN,)),
        (-1, frame(1), CROP, (PLAIN,)),
        (0, frame(1), far, (PLAIN,)),
        (0, frame(1)[:, :, 0], CROP, (PLAIN,)),
        (0, frame(1).astype(np.float32), CROP, (PLAIN,)),
        (0, frame(1)[:0], CROP, (PLAIN,)),
    ):
        with pytest.raises(ValueError, match=r"fit|origin|frame"):
            stage.views.show(row, pixels, crop, views)  # type: ignore[arg-type] # on purpose
    stage.views.show(0, frame(5), CROP, (PLAIN,))
    np.testing.assert_array_equal(stage.views.answer(1).rows, rows_of(stage.pictures([(frame(5), CROP, PLAIN)])))


def embedder(stage: Stage) -> Embedder:
    return Embedder(
        binding=Binding("toy", "d", "r", "reference"), engines=[stage.views], center=np.zeros(6, np.float32)
    )


@everywhere
def test_an_engine_that_is_stuck_is_found_by_the_pictures_that_it_saw(stage: Stage) -> None:
    toy = embedder(stage)
    toy.embed(frame(1), CROP, VIEWS)
    stage.engine.is_stuck = True
    with pytest.raises(RecognitionError, match="the same answer"):
        toy.embed(frame(2), CROP, VIEWS)


@everywhere
def test_the_same_picture_may_get_the_same_answer(stage: Stage) -> None:
    toy = embedder(stage)
    first = toy.embed(frame(1), CROP, (PLAIN,))
    np.testing.assert_array_equal(toy.embed(frame(1), CROP, (PLAIN, PLAIN)), np.concatenate([first, first]))


@everywhere
def test_more_views_than_the_batch_come_in_parts(stage: Stage) -> None:
    toy, pixels = embedder(stage), frame(8)
    views = tuple(ViewSpec(name=str(n), fill=n, inner=Region(0.0, 0.0, 0.5 + n / 20, 1.0)) for n in range(9))
    together = toy.embed(pixels, CROP, views)
    np.testing.assert_array_equal(together, np.concatenate([toy.embed(pixels, CROP, (view,)) for view in views]))
    faces = [(frame(n), CROP) for n in range(9)]
    one_by_one = np.concatenate([toy.embed(pixels, crop, (PLAIN,)) for pixels, crop in faces])
    np.testing.assert_array_equal(toy.embed_faces(faces, PLAIN), one_by_one)


@on_devices
def test_a_frame_that_nobody_can_change_is_uploaded_once(stage: Stage) -> None:
    assert stage.cuda is not None
    fixed = frame(1)
    fixed.setflags(write=False)
    stage.views.show(0, fixed, CROP, (PLAIN,))
    stage.views.answer(1)
    begun = stage.cuda.uploads
    stage.views.show(0, fixed, FAR, VIEWS)
    stage.views.answer(3)
    for_parameters = stage.cuda.uploads - begun
    stage.views.show(0, fixed.copy(), FAR, VIEWS)
    stage.views.answer(3)
    is_discrete = begun > 0
    assert stage.cuda.uploads - begun - for_parameters == for_parameters + is_discrete


@on_devices
def test_all_views_of_a_face_are_one_launch(stage: Stage) -> None:
    assert stage.cuda is not None
    before = stage.cuda.launches
    stage.views.show(0, frame(1), CROP, VIEWS)
    assert stage.cuda.launches == before + 1


@on_devices
def test_a_lost_device_is_the_end_of_the_gate(stage: Stage) -> None:
    assert stage.cuda is not None
    toy = embedder(stage)
    toy.embed(frame(1), CROP, VIEWS)
    stage.cuda.fail("cuEventSynchronize", ILLEGAL_ADDRESS)
    for _ in range(2):
        with pytest.raises(DeviceGoneError) as caught:
            toy.embed(frame(2), CROP, VIEWS)
        assert caught.value.hint
        assert caught.value.exit_code == 5


@needs_host_cuda
def test_everything_is_freed() -> None:
    stage = on_device(is_integrated=False)
    stage.views.show(0, frame(1), CROP, VIEWS)
    stage.views.answer(1)
    stage.engine.deactivate()
    stage.stack.close()
    assert stage.cuda is not None
    assert stage.cuda.left == 0


@needs_host_cuda
def test_the_kernels_and_the_hosts_renderer_make_the_same_pictures() -> None:
    stage, engine = on_device(is_integrated=True), ToyEngine(BATCH)
    engine.activate()
    host = HostViews(engine, CPURenderer(), SPEC, "y")
    with stage.stack:
        for views in (stage.views, host):
            views.show(0, frame(1), CROP, VIEWS)
        found, wanted = stage.views.answer(len(VIEWS)), host.answer(len(VIEWS))
    np.testing.assert_array_equal(found.rows, wanted.rows)
    np.testing.assert_array_equal(found.sample, wanted.sample)
