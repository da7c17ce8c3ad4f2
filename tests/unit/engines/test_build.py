import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.build import build, is_built, load_engine
from engines.cache import ModelStore
from engines.catalog import DerivedFile, ModelSpec, find_spec
from engines.convert.derive import as_half
from engines.convert.recipes import convert
from engines.errors import AcceptanceError, EngineError, IntegrityError, RuntimeMissingError
from engines.runtime.base import Precision
from engines.runtime.registry import file_precision
from engines.serve import proven_engine


def toy_weights() -> bytes:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["data"], ["f"]), helper.make_node("Gemm", ["f", "w", "b"], ["fc1"], transB=1)],
        "toy",
        [value("data", TensorProto.FLOAT, [1, 3, 2, 2])],
        [value("fc1", TensorProto.FLOAT, [1, 4])],
        [
            numpy_helper.from_array(np.arange(48, dtype=np.float32).reshape(4, 12) / 48, "w"),
            numpy_helper.from_array(np.ones(4, np.float32), "b"),
        ],
    )
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString())


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def toy(store: ModelStore) -> ModelSpec:
    """A model whose weights lie in the store."""
    weights = toy_weights()
    base = find_spec("sface-2021dec")
    source = replace(base.source, member_sha256=hashlib.sha256(weights).hexdigest(), member_bytes=len(weights))
    unpinned = replace(base, id="toy", source=source, dimension=4, sizes=((2, 2),), input=replace(base.input, side=2))
    spec = replace(unpinned, onnx_sha256=hashlib.sha256(convert(unpinned, weights)).hexdigest())
    store.write(store.source_path(spec), weights)
    return spec


def test_weights_are_converted_once_and_described(toy: ModelSpec, store: ModelStore) -> None:
    assert not is_built(toy, store)
    built = build(toy, store)
    assert built.sha256 == hashlib.sha256(built.path.read_bytes()).hexdigest() == toy.onnx_sha256
    manifest = json.loads(built.manifest.read_text())
    assert manifest["source"]["member_sha256"] == toy.source.member_sha256
    assert manifest["onnx_sha256"] == toy.onnx_sha256
    assert set(manifest["made_with"]) == {"onnx", "protobuf", "numpy"}
    store.source_path(toy).unlink()
    assert build(toy, store) == built
    with pytest.raises(EngineError, match="not there"):
        build(toy, store, is_forced=True)


def test_altered_model_is_refused(toy: ModelSpec, store: ModelStore) -> None:
    built = build(toy, store)
    built.path.write_bytes(built.path.read_bytes()[:-1])
    with pytest.raises(IntegrityError):
        build(toy, store)
    engine = load_engine(toy, store, runtime="onnxruntime", precision=Precision.FP32, threads=1)
    with pytest.raises(IntegrityError):
        engine.activate()
    assert build(toy, store, is_forced=True) == built


def test_altered_weights_are_refused(toy: ModelSpec, store: ModelStore) -> None:
    path = store.source_path(toy)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(IntegrityError):
        build(toy, store)


def test_conversion_that_gives_other_bytes_is_refused(toy: ModelSpec, store: ModelStore) -> None:
    with pytest.raises(IntegrityError, match="converts to"):
        build(replace(toy, onnx_sha256="0" * 64), store)


def test_weights_that_were_not_fetched_say_so(store: ModelStore) -> None:
    with pytest.raises(EngineError) as caught:
        load_engine(find_spec("sface-2021dec"), store, runtime="onnxruntime", precision=Precision.FP32, threads=1)
    assert "fetch" in caught.value.hint


def test_unknown_converter_is_refused(toy: ModelSpec) -> None:
    with pytest.raises(EngineError, match="converter"):
        convert(replace(toy, converter="caffe"), b"")


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_engine_of_any_batch_computes_the_model(toy: ModelSpec, store: ModelStore, runtime: str) -> None:
    batch = np.random.default_rng(0).random((3, 3, 2, 2), dtype=np.float32)
    weight = np.arange(48, dtype=np.float32).reshape(4, 12) / 48
    with load_engine(toy, store, runtime=runtime, precision=Precision.FP32, batch=3, threads=1) as engine:
        np.testing.assert_allclose(engine.infer(batch)["fc1"], batch.reshape(3, 12) @ weight.T + 1, rtol=1e-5)


def test_engine_that_is_not_the_golden_one_is_not_served(toy: ModelSpec, store: ModelStore) -> None:
    """The toy has the id of SFace here, and none of its sense."""
    build(toy, store)
    impostor = replace(find_spec("sface-2021dec"), source=toy.source, onnx_sha256=toy.onnx_sha256)
    store.write(store.onnx_path(impostor), store.onnx_path(toy).read_bytes())
    store.write(store.manifest_path(impostor), b"{}")
    with pytest.raises((AcceptanceError, EngineError)):
        proven_engine(impostor, store, runtime="onnxruntime", precision=Precision.FP32, threads=1)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"runtime": "tensorflow"}, RuntimeMissingError),
        ({"runtime": "onnxruntime", "precision": Precision.BF16}, RuntimeMissingError),
        ({"threads": 0}, EngineError),
        ({"batch": 0}, EngineError),
        ({"size": (3, 3)}, EngineError),
    ],
)
def test_engine_that_cannot_be_is_refused(
    toy: ModelSpec, store: ModelStore, arguments: dict[str, object], kind: type[EngineError]
) -> None:
    usual: dict[str, object] = {"runtime": "onnxruntime", "precision": Precision.FP32, "threads": 1}
    with pytest.raises(kind) as caught:
        load_engine(toy, store, **{**usual, **arguments})  # type: ignore[arg-type] # wrong on purpose
    assert caught.value.hint


def test_model_written_is_what_onnx_reads(toy: ModelSpec, store: ModelStore) -> None:
    onnx.checker.check_model(onnx.load(build(toy, store).path), full_check=True)


@pytest.fixture
def halved(toy: ModelSpec, store: ModelStore) -> ModelSpec:
    """The toy with its fp16 file pinned."""
    made = as_half(build(toy, store).path.read_bytes(), name=toy.id).data
    file = DerivedFile(precision=Precision.FP16, onnx_sha256=hashlib.sha256(made).hexdigest())
    return replace(toy, derived=(file,))


def test_a_derived_file_is_made_from_the_fp32_one_and_described(halved: ModelSpec, store: ModelStore) -> None:
    assert is_built(halved, store)
    assert not is_built(halved, store, Precision.FP16)
    store.source_path(halved).unlink()  # it is made from the fp32 file alone
    built = build(halved, store, Precision.FP16)
    assert built.sha256 == hashlib.sha256(built.path.read_bytes()).hexdigest() == halved.derived[0].onnx_sha256
    manifest = json.loads(built.manifest.read_text())
    assert (manifest["precision"], manifest["made_from"]) == ("fp16", halved.onnx_sha256)
    assert manifest["rounding"]["weights"] == 52
    assert build(halved, store, Precision.FP16) == built


def test_a_derived_file_that_is_not_pinned_is_refused(halved: ModelSpec, store: ModelStore) -> None:
    other = replace(halved, derived=(DerivedFile(precision=Precision.FP16, onnx_sha256="0" * 64),))
    with pytest.raises(IntegrityError, match="fp16"):
        build(other, store, Precision.FP16)
    with pytest.raises(EngineError, match="no int8 file"):
        build(halved, store, Precision.INT8)


def test_a_file_that_breaks_a_rule_is_refused_before_its_hash_is_asked(
    halved: ModelSpec, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.convert.lint.MOST_OPSET", 16)
    with pytest.raises(EngineError, match="would refuse toy in fp16: opset"):
        build(halved, store, Precision.FP16)
    assert not is_built(halved, store, Precision.FP16)


@pytest.mark.parametrize(
    ("runtime", "precision", "is_own"),
    [
        ("onnxruntime", Precision.FP32, False),
        ("onnxruntime", Precision.FP16, True),
        ("openvino", Precision.FP32, False),
    ],
)
def test_a_runtime_is_given_the_file_of_its_precision(
    halved: ModelSpec, store: ModelStore, runtime: str, precision: Precision, is_own: bool
) -> None:
    path = store.onnx_path(halved, Precision.FP16 if is_own else Precision.FP32)
    batch = np.random.default_rng(0).random((1, 3, 2, 2), dtype=np.float32)
    weight = np.arange(48, dtype=np.float32).reshape(4, 12) / 48
    engine = load_engine(halved, store, runtime=runtime, precision=precision, threads=1)
    assert path.is_file()
    with engine:
        found = engine.infer(batch)["fc1"]
    np.testing.assert_allclose(found, batch.reshape(1, 12) @ weight.T + 1, rtol=2e-3 if is_own else 1e-5)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError):
        engine.activate()


def test_openvino_rounds_the_fp32_file_on_its_own() -> None:
    assert {file_precision("openvino", p) for p in Precision} == {Precision.FP32}
    assert [file_precision("tensorrt", p) for p in Precision] == list(Precision)
