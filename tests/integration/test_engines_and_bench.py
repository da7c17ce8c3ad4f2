"""``edge-gate engines`` and ``edge-gate bench`` with the real weights."""

from pathlib import Path

import pytest

from engines.cache import ModelStore
from engines.catalog import find_spec
from tests.support.gate_command import edge_gate

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("models")]

FP32 = {"EDGE__ENGINE__PRECISION": "fp32"}
CLIP = Path(__file__).parents[3] / "shared" / "data" / "video" / "bird.mkv"


def test_every_served_engine_keeps_every_bar() -> None:
    done = edge_gate("engines", "verify", "--json", env=FP32)
    assert done.code == 0, done.err
    assert all(r["ok"] for r in done.records)
    assert {(r["model"], r["batch"]) for r in done.records if r["runtime"] == "openvino"} == {
        ("facenet-20180408", 1),
        ("facenet-20180408", 8),
        ("sface-2021dec", 1),
        ("sface-2021dec", 5),
        ("sface-2021dec", 8),
        ("yunet-2023mar", 1),
    }
    parity = [r for r in done.records if "OpenCV" in r["check"]]
    assert len(parity) == 1
    assert parity[0]["value"] < parity[0]["bar"] == 1e-5


def test_weights_come_from_an_air_gap_folder_and_a_harmed_file_is_refused(tmp_path: Path) -> None:
    spec = find_spec("yunet-2023mar")
    folder, models = tmp_path / "stick", tmp_path / "models"
    folder.mkdir()
    weights = ModelStore().source_path(spec).read_bytes()
    (folder / spec.source.file_name).write_bytes(weights)
    env = FP32 | {"EDGE__ENGINE__MODELS_DIR": str(models)}
    fetched = edge_gate("engines", "fetch", spec.id, "--from", folder, "--json", env=env)
    assert fetched.code == 0, fetched.err
    built = edge_gate("engines", "build", spec.id, "--json", env=env)
    assert built.code == 0, built.err
    assert [(r["batch"], r["onnx_sha256"]) for r in built.records] == [(1, spec.onnx_sha256)]
    Path(built.records[0]["onnx"]).write_bytes(b"harmed")
    refused = edge_gate("engines", "verify", spec.id, "--json", env=env)
    assert refused.code == 4
    assert "sha256" in refused.err
    assert "hint:" in refused.err
    (folder / spec.source.file_name).write_bytes(weights[:-1])
    fresh = env | {"EDGE__ENGINE__MODELS_DIR": str(tmp_path / "others")}
    truncated = edge_gate("engines", "fetch", spec.id, "--from", folder, env=fresh)
    assert truncated.code == 4, truncated.err


def test_bench_times_every_runtime_and_precision() -> None:
    done = edge_gate("engines", "bench", "yunet-2023mar", "--rounds", "2", "--json")
    assert done.code == 0, done.err
    assert {("openvino", "fp32"), ("onnxruntime", "fp32")} <= {(r["runtime"], r["precision"]) for r in done.records}
    for record in done.records:
        assert set(record) >= {"model", "runtime", "precision", "batch", "threads", "p50_ms", "p95_ms"}
        assert 0 < record["p50_ms"] <= record["p95_ms"] <= record["p99_ms"]
        assert record["device"]
        assert {"edge-gate", "python", "openvino"} <= set(record["versions"])
        assert {"power_mode", "clocks"} <= set(record)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--synthetic",), id="synthetic"),
        pytest.param(("--video", CLIP), id="video", marks=pytest.mark.data),
    ],
)
def test_pipeline_sees_the_face_in_every_frame_as_opencv_does(
    arguments: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.commands.bench._VERIFICATIONS", 2)
    monkeypatch.setattr("edge.commands.bench_clip.SYNTHETIC_FRAMES", 50)
    if CLIP in arguments and not CLIP.is_file():
        pytest.skip(f"no evaluation clip at {CLIP}")
    done = edge_gate(
        "bench", "pipeline", *arguments, "--repeat", "1", "--precision", "fp32", "--state", tmp_path, "--json"
    )
    assert done.code == 0, done.err
    (record,) = done.records
    assert record["faces"] == record["frames"] > 40
    assert record["opencv_faces"] == record["frames"]
    assert record["precision"] == "fp32"
    assert record["engine_ms"] < record["screen_ms"]["p50"] <= record["screen_ms"]["p95"]
    assert record["overhead"] >= record["verify_overhead"] > 1
    assert record["size"] == "640x480"
