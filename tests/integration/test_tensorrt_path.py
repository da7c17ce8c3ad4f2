"""From ``engines build`` to a served face on TensorRT, with the real models: the strict fake runs their files."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.capture.source import Source, SourceKind
from edge.daemon.assembly import GateParts, read_profile, stages_of
from edge.daemon.models import RECOGNIZERS, Models, load_models, model_store
from edge.domain.assessment import Assessment
from edge.domain.clock import SystemClock
from edge.domain.frame import PixelFormat
from edge.domain.match import SubjectRef
from edge.domain.verdict import AttemptId
from edge.pipeline.eye import Eye
from edge.policy.decide import AttemptEvidence
from edge.recognition.gallery import Gallery, Template
from edge.settings.load import load_settings
from edge.settings.sections import EngineSection
from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from engines.build import build, load_engine
from engines.cache import ModelStore
from engines.catalog import find_spec, load_catalog
from engines.errors import EngineError, IntegrityError, NotCompiledError
from engines.progress import Silent
from engines.render.spec import PLAIN, CropGeometry, Region, Squeeze, ViewSpec
from engines.runtime.base import Precision
from engines.views.base import SAMPLE_STEP
from engines.views.device import DeviceViews
from engines.views.renderings import Renderings
from tests.support.gate_command import ENROLLED, edge_gate, environment
from tests.support.host_gpu import DISCRETE
from tests.support.host_kernels import HostKernels, needs_compiler
from tests.support.nv12 import nv12_of
from tests.support.one_answer_models import frame
from tests.support.tensorrt_stage import ROOT, TensorRTStage, tensorrt_stage

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("models")]

VIEWS = (
    PLAIN,
    ViewSpec(name="random", inner=Region(0.1, 0.05, 0.85, 0.85), fill=99),
    ViewSpec(name="median", squeeze=Squeeze.MEDIAN3),
    ViewSpec(name="masked", occlusions=(Region(0.0, 0.4, 1.0, 0.3),), fill=128),
)
SFACE, YUNET = "sface-2021dec", "yunet-2023mar"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[TensorRTStage]:
    with tensorrt_stage(monkeypatch) as made:
        yield made


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """The models of the default store, in a store of their own."""
    store, default = ModelStore(tmp_path / "models"), ModelStore()
    for spec in load_catalog().values():
        for path in (default.source_path(spec), default.onnx_path(spec), default.manifest_path(spec)):
            place = store.root / path.relative_to(default.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
    monkeypatch.setenv("EDGE__ENGINE__MODELS_DIR", str(store.root))
    return store


def files(store: ModelStore, pattern: str) -> list[Path]:
    return sorted(store.compiled_dir("tensorrt").glob(pattern))


def run(*arguments: object) -> tuple[int, tuple[dict[str, object], ...], str]:
    models_dir = {"EDGE__ENGINE__MODELS_DIR": os.environ["EDGE__ENGINE__MODELS_DIR"]}
    done = edge_gate("engines", *arguments, "--json", env=models_dir)
    return done.code, done.records, done.err


@needs_compiler
def test_every_engine_of_the_gate_is_built_proven_timed_and_served(stage: TensorRTStage, store: ModelStore) -> None:
    options = EngineSection(runtime="tensorrt", models_dir=store.root)
    with pytest.raises(EngineError, match="not built") as caught, load_models(options, may_fetch=False):
        pass
    assert "engines build" in caught.value.hint
    for model in RECOGNIZERS:
        build(find_spec(model), store, Precision.FP16)
    with pytest.raises(NotCompiledError) as caught, load_models(options, may_fetch=False):
        pass
    assert "engines build" in caught.value.hint
    assert not files(store, "*")

    code, records, err = run("build", "--runtime", "tensorrt")
    assert code == 0, err
    assert {(r["model"], r["batch"], r["precision"]) for r in records} == {
        ("facenet-20180408", 1, "fp16"),
        ("facenet-20180408", 8, "fp16"),
        (SFACE, 1, "fp16"),
        (SFACE, 5, "fp16"),
        (SFACE, 8, "fp16"),
        (YUNET, 1, "fp32"),
    }
    assert {r["device"] for r in records} == {"Host GPU"}
    assert len(files(store, "*.plan")) == len(files(store, "*.json")) == len(records)
    assert not files(store, ".part*")

    code, records, err = run("verify", SFACE, YUNET, "--runtime", "tensorrt")
    assert code == 0, err
    assert {r["runtime"] for r in records} == {"tensorrt"}
    assert all(r["ok"] for r in records)

    code, records, err = run("bench", YUNET, "--rounds", "1")
    assert code == 0, err
    assert ("tensorrt", "fp32") in {(r["runtime"], r["precision"]) for r in records}
    assert "left out" in err

    before = [(path, path.stat().st_mtime_ns) for path in files(store, "*.plan")]
    with pytest.raises(EngineError, match="no compiled kernels") as caught, load_models(options, may_fetch=False):
        pass
    assert "build --kernels" in caught.value.hint
    stage.put_kernels(store)
    with load_models(options, may_fetch=False) as models:
        assert models.runtime == "tensorrt"
        assert models.precision == "fp16"
        assert {engine.runtime for engine in models.engines} == {"tensorrt"}
        assert model_store(options).root == store.root
        verify_before_an_nv12_camera(models, stage)
    assert [(path, path.stat().st_mtime_ns) for path in files(store, "*.plan")] == before
    assert not stage.owner.gpu.live


def verify_before_an_nv12_camera(models: Models, stage: TensorRTStage) -> None:
    """Have a gate verify an enrolled person: their frame goes up as it is, and every model sees it there."""
    settings, portrait = load_settings(environ={}), cv2.imread(str(ENROLLED))
    assert portrait is not None
    pixels = nv12_of(np.asarray(portrait[: portrait.shape[0] // 2 * 2, : portrait.shape[1] // 2 * 2], np.uint8))
    native = replace(frame(), pixels=pixels, pixel_format=PixelFormat.NV12)
    profile = read_profile(settings, models, environment="development")
    sight = Eye(FaceDetector(models.detector, threshold=profile.detector_threshold)).look(native)
    assert sight.face is not None
    known = {
        m.model_id: Template.from_vectors(
            m.embedder.embed(sight.frame.pixels, crop_geometry(m.crop_recipe, sight.face), (PLAIN,))
        )
        for m in models.stages
    }
    ann = SubjectRef("ann")
    gallery = Gallery(models.bindings, {ann: known})
    parts = GateParts(settings=settings, profile=profile, models=models, gallery=gallery)
    stages = stages_of(parts, Source(kind=SourceKind.CSI, location="0", camera_id="csi-0"), SystemClock())
    seen = stages.eye.look(native)
    assert seen.face is not None
    stages.judging.begin(
        seen.frame, seen.face, AttemptEvidence(attempt_id=AttemptId("t"), started_ns=0, assessments=())
    )
    judgment = stages.judging.take(wait=True)
    assert judgment is not None
    assert isinstance(judgment.outcome, Assessment)
    assert judgment.outcome.verified is not None
    assert judgment.outcome.verified.subject == ann
    assert judgment.outcome.verified.fused > 0.99
    sizes = {memory.nbytes for memory in stage.owner.gpu.live.values()}
    assert pixels.nbytes in sizes
    assert 2 * pixels.nbytes not in sizes


@needs_compiler
@pytest.mark.parametrize("is_integrated", [True, False], ids=["integrated", "discrete"])
def test_a_frame_becomes_embeddings_on_one_device(
    stage: TensorRTStage, store: ModelStore, *, is_integrated: bool
) -> None:
    stage.replace_device(replace(DISCRETE, is_integrated=is_integrated))
    stage.build_here()
    stage.put_kernels(store)
    spec = find_spec(SFACE)
    build(spec, store, Precision.FP16)
    plan = load_engine(spec, store, runtime="tensorrt", precision=Precision.FP16, batch=5, threads=1)
    plan.compile(Silent())
    portrait = cv2.imread(str(ENROLLED))
    assert portrait is not None
    bgr = np.asarray(portrait[: portrait.shape[0] // 2 * 2, : portrait.shape[1] // 2 * 2], np.uint8)
    crop = CropGeometry.from_matrix(np.array([[1.4, 0.1, 90.0], [-0.1, 1.4, 40.0]]))
    renderings = Renderings(store)
    with plan, load_engine(spec, store, runtime="onnxruntime", precision=Precision.FP16, batch=5, threads=1) as plain:
        (views,) = renderings.of(spec, [plan])
        assert isinstance(views, DeviceViews)
        events = stage.owner.gpu.events
        for pixels in (bgr, nv12_of(bgr)):
            events.clear()
            views.show(0, pixels, crop, VIEWS)
            answer = views.answer(len(VIEWS))
            pictures = np.zeros(plain.input_shape, np.float32)
            HostKernels().render_bytes(pixels, crop, VIEWS, spec.input, pictures[: len(VIEWS)])
            wanted = plain.infer(pictures)[spec.output_names[0]][: len(VIEWS)]
            np.testing.assert_allclose(answer.rows, wanted, rtol=1e-4, atol=1e-4)
            np.testing.assert_array_equal(answer.sample, pictures[: len(VIEWS), :, ::SAMPLE_STEP, ::SAMPLE_STEP])
            work = [event for event in events if not event.startswith("free")]
            # The frame goes up, and rows and a sample come down: no picture crosses to the host.
            copies = [] if is_integrated else ["upload"] * 3
            assert work[: len(copies) + 1] == [*copies, "eg_render_fp32"]
            assert [event for event in work if event not in {"upload", "download"}] == [
                "eg_render_fp32",
                "eg_sparse_fp32",
                "execute",
            ]
    renderings.close()
    assert not stage.owner.gpu.live


def test_a_plan_that_errs_is_deleted_and_the_door_stays_closed(stage: TensorRTStage, store: ModelStore) -> None:
    assert run("build", YUNET, "--runtime", "tensorrt")[0] == 0
    options = EngineSection(runtime="tensorrt", models_dir=store.root, precision="fp32")
    (plan,) = files(store, "*.plan")
    plan.write_bytes(plan.read_bytes()[:-1])
    with pytest.raises(IntegrityError), load_models(options, may_fetch=False):
        pass
    with pytest.raises(NotCompiledError), load_models(options, may_fetch=False):
        pass
    assert not files(store, "*.plan")

    stage.build_here()
    wrong = find_spec(SFACE)
    stage.trt.faults["Builder.build_serialized_network"] = None
    code, records, err = run("build", wrong.id, "--runtime", "tensorrt")
    assert code == 1
    assert not records
    assert "hint:" in err
    assert not files(store, "*.plan")


def test_verify_deletes_a_plan_that_misses_a_bar(
    stage: TensorRTStage, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("build", YUNET, "--runtime", "tensorrt")[0] == 0
    monkeypatch.setattr("engines.verify.BOX_BAR_PX", -1.0)
    assert run("verify", YUNET, "--runtime", "tensorrt")[0] == 4
    assert not files(store, "*.plan")


def test_build_tries_a_plan_that_misses_a_bar_twice_and_keeps_none(
    stage: TensorRTStage, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.verify.BOX_BAR_PX", -1.0)
    code, records, err = run("build", YUNET, "--runtime", "tensorrt")
    assert code == 4
    assert not records
    assert "not served" in err
    assert err.count("build yunet") == 2
    assert not files(store, "*.plan")
    with pytest.raises(EngineError):
        load_models(EngineSection(runtime="tensorrt", models_dir=store.root), may_fetch=False).__enter__()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_build_leaves_nothing(store: ModelStore, number: signal.Signals) -> None:
    asked = ["engines", "build", YUNET, "--runtime", "tensorrt"]
    slow = environment(EDGE__ENGINE__MODELS_DIR=str(store.root), STRICT_TENSORRT_STEP_S="1")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.tensorrt_command", *asked],
        env=slow,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr is not None
        assert "build yunet" in command.stderr.readline()
        time.sleep(2.5)
        start = time.monotonic()
        command.send_signal(number)
        command.communicate(timeout=30)
        assert command.returncode != 0
        assert time.monotonic() - start < 15
    assert not files(store, "*.plan")
    assert not files(store, "*.json")
    assert not files(store, ".part*")
