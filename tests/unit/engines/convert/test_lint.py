"""One broken file a rule: each breach is found, named, and refused before a build."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.convert.lint import lint, require_clean
from engines.errors import EngineError

Change = Callable[[onnx.ModelProto], None]


def clean() -> onnx.ModelProto:
    """A quantized layer as the converters write it, fp16 inside."""
    value, node = helper.make_tensor_value_info, helper.make_node
    graph = helper.make_graph(
        [
            node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
            node("QuantizeLinear", ["h", "s", "z"], ["q"], name="quantize"),
            node("DequantizeLinear", ["q", "s", "z"], ["d"], name="dequantize"),
            node("QuantizeLinear", ["w", "ws", "wz"], ["wq"], name="quantize-weights", axis=0),
            node("DequantizeLinear", ["wq", "ws", "wz"], ["wd"], name="dequantize-weights", axis=0),
            node("Conv", ["d", "wd"], ["c"], kernel_shape=[1, 1]),
            node("Cast", ["c"], ["y"], to=TensorProto.FLOAT),
        ],
        "toy",
        [value("x", TensorProto.FLOAT, ["batch", 2, "height", "width"])],
        [value("y", TensorProto.FLOAT, ["batch", 2, "height", "width"])],
        [
            numpy_helper.from_array(np.array(0.5, np.float16), "s"),
            numpy_helper.from_array(np.array(0, np.int8), "z"),
            numpy_helper.from_array(np.ones((2, 2, 1, 1), np.float16), "w"),
            numpy_helper.from_array(np.array([0.5, 0.25], np.float16), "ws"),
            numpy_helper.from_array(np.zeros(2, np.int8), "wz"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=8)


def constant(name: str, value: np.ndarray) -> Change:
    def change(model: onnx.ModelProto) -> None:
        kept = [t for t in model.graph.initializer if t.name != name]
        del model.graph.initializer[:]
        model.graph.initializer.extend([*kept, numpy_helper.from_array(value, name)])

    return change


def node(name: str, **fields: list[str]) -> Change:
    def change(model: onnx.ModelProto) -> None:
        (found,) = (n for n in model.graph.node if name in {n.name, n.op_type})
        del found.input[:]
        found.input.extend(fields["input"])

    return change


def without_constant(name: str) -> Change:
    """Make a constant something that is fed."""

    def change(model: onnx.ModelProto) -> None:
        kept = [t for t in model.graph.initializer if t.name != name]
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)

    return change


def setting(apply: Callable[[onnx.ModelProto], object]) -> Change:
    def change(model: onnx.ModelProto) -> None:
        apply(model)

    return change


def axis(of: str, value: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        (found,) = (n for n in model.graph.node if n.name == of)
        del found.attribute[:]
        found.attribute.append(helper.make_attribute("axis", value))

    return change


def operation(kind: str, domain: str = "") -> Change:
    def change(model: onnx.ModelProto) -> None:
        found = model.graph.node[-1]
        found.op_type, found.domain = kind, domain

    return change


def dimension(place: int, name: str) -> Change:
    return setting(lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[place], "dim_param", name))


BROKEN: list[tuple[str, str, Change]] = [
    ("ir-version", "the file", setting(lambda m: setattr(m, "ir_version", 11))),
    ("opset", "the file", setting(lambda m: setattr(m.opset_import[0], "version", 20))),
    ("opset", "the file", setting(lambda m: setattr(m.opset_import[0], "version", 12))),
    (
        "opset-imports",
        "com.microsoft",
        setting(lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1))),
    ),
    ("known-ops", "NonMaxSuppression(y)", operation("NonMaxSuppression")),
    ("known-ops", "Cast(y)", operation("Cast", "com.microsoft")),
    (
        "float32-ends",
        "x",
        setting(lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.FLOAT16)),
    ),
    (
        "float32-ends",
        "y",
        setting(lambda m: setattr(m.graph.output[0].type.tensor_type, "elem_type", TensorProto.FLOAT16)),
    ),
    ("free-dimensions", "x", dimension(1, "channels")),
    ("free-dimensions", "x", dimension(0, "n")),
    ("free-dimensions", "x", dimension(3, "batch")),
    ("free-dimensions", "x", setting(lambda m: m.graph.input[0].type.tensor_type.shape.dim[0].Clear())),
    ("constant-scale", "quantize", without_constant("s")),
    ("positive-scale", "quantize", constant("s", np.array(0, np.float16))),
    ("positive-scale", "quantize", constant("s", np.array(np.inf, np.float16))),
    ("positive-scale", "quantize-weights", constant("ws", np.array([0.5, -0.5], np.float16))),
    ("positive-scale", "dequantize-weights", constant("ws", np.array([0.5, np.nan], np.float16))),
    ("zero-point", "quantize", constant("z", np.array(1, np.int8))),
    ("zero-point", "quantize-weights", constant("wz", np.array([0, -1], np.int8))),
    ("zero-point", "quantize", node("quantize", input=["h", "s"])),
    ("zero-point", "quantize", without_constant("z")),
    ("int8", "quantize", constant("z", np.array(128, np.uint8))),
    ("int8", "quantize", constant("z", np.array(0, np.uint8))),
    ("per-tensor", "quantize", constant("s", np.array([0.5, 0.5], np.float16))),
    ("axis", "quantize-weights", axis("quantize-weights", 1)),
    ("axis", "dequantize-weights", setting(lambda m: m.graph.node[4].ClearField("attribute"))),
    ("scale-type", "quantize", constant("s", np.array(0.5, np.float32))),
    ("pairs", "Conv(c)", node("Conv", input=["q", "wd"])),
    ("pairs", "dequantize", node("dequantize", input=["q", "ws", "wz"])),
]


def test_a_clean_file_has_no_breach() -> None:
    assert lint(clean().SerializeToString()) == ()
    require_clean(clean().SerializeToString(), name="toy")


@pytest.mark.parametrize(("rule", "where", "change"), BROKEN, ids=[f"{b[0]}-{i}" for i, b in enumerate(BROKEN)])
def test_a_broken_file_is_refused_by_its_rule_and_place(rule: str, where: str, change: Change) -> None:
    model = clean()
    change(model)
    found = lint(model.SerializeToString())
    assert (rule, where) in {(breach.rule, breach.where) for breach in found}
    with pytest.raises(EngineError, match="would refuse toy") as caught:
        require_clean(model.SerializeToString(), name="toy")
    assert caught.value.hint


def test_every_rule_has_a_broken_file() -> None:
    from engines.convert import lint as module

    assert len({rule for rule, _, _ in BROKEN}) >= len(module._RULES)


@pytest.mark.parametrize("data", [b"garbage", b"\xff" * 40])
def test_bytes_that_are_no_model_are_an_engine_error(data: bytes) -> None:
    with pytest.raises(EngineError):
        require_clean(data, name="toy")
