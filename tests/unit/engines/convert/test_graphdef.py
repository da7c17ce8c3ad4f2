import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.convert.graphdef import plain_graph, read_graph
from engines.errors import IntegrityError
from tests.support.graphdef_bytes import (
    const,
    field,
    flag,
    graph,
    integers,
    node,
    number,
    real,
    tensor,
    text,
    whole,
)

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)
TOY = graph(
    node("out", "MatMul", "x:0", "w", "^guard", transpose_a=flag(is_set=False), note=text("NHWC"), k=whole(-3)),
    const("w", WEIGHT),
    node("guard", "Const", value=tensor(3, (2,), np.array([1, -1], "<i4").tobytes())),
    node("x", "Placeholder", shape=field(7, b""), epsilon=real(0.5), strides=integers(1, 2, 2, 1)),
)


def test_nodes_come_after_what_they_read() -> None:
    nodes = read_graph(TOY)
    assert list(nodes).index("out") > max(list(nodes).index("x"), list(nodes).index("w"))
    assert nodes["out"].inputs == ("x", "w")


def test_attributes_and_tensors_are_read() -> None:
    nodes = read_graph(TOY)
    assert nodes["out"].strings == {"note": "NHWC"}
    assert nodes["out"].integers == {"transpose_a": 0, "k": -3}
    assert nodes["x"].floats == {"epsilon": 0.5}
    assert nodes["x"].lists == {"strides": (1, 2, 2, 1)}
    assert nodes["w"].tensor is not None
    np.testing.assert_array_equal(nodes["w"].tensor, WEIGHT)


@pytest.mark.parametrize(("count", "expected"), [(1, [2.5] * 4), (4, [0.0, 1.0, 2.0, 3.0])])
def test_values_may_be_listed_or_filled(count: int, expected: list[float]) -> None:
    values = struct.pack(f"<{count}f", *([2.5] if count == 1 else range(count)))
    nodes = read_graph(graph(node("w", "Const", value=tensor(1, (2, 2), rest=field(5, values)))))
    assert nodes["w"].tensor is not None
    assert nodes["w"].tensor.reshape(-1).tolist() == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x0a",
        b"not a graph at all",
        b"\xff" * 64,
        graph(node("", "Const")),
        graph(node("a", "Relu", "b")),
        graph(node("a", "Relu", "a")),
        graph(node("a", "Relu", "b"), node("b", "Relu", "a")),
        graph(node("a", "Split"), node("b", "Relu", "a:1")),
        graph(const("a", WEIGHT), const("a", WEIGHT)),
        graph(node("a", "Const", value=tensor(1, (2, 3), b"\0" * 23))),
        graph(node("a", "Const", value=tensor(1, (2, 3), b"\0" * 25))),
        graph(node("a", "Const", value=tensor(1, (2, 3), rest=field(5, struct.pack("<2f", 1, 2))))),
        graph(node("a", "Const", value=tensor(1, (2,)))),
        graph(node("a", "Const", value=tensor(2, (1,), b"\0" * 8))),
        graph(node("a", "Const", value=tensor(1, (-1,), b"\0" * 4))),
        graph(node("a", "Const", value=tensor(1, (1,) * 9, b"\0" * 4))),
        graph(field(1, b"\xff\xfe")),
        number(1, 5),
    ],
)
def test_damaged_graph_is_an_integrity_error(data: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        read_graph(data)
    assert caught.value.hint


@given(st.integers(0, len(TOY) - 1))
def test_truncated_graph_is_an_integrity_error_or_a_smaller_graph(kept: int) -> None:
    with contextlib.suppress(IntegrityError):
        assert len(read_graph(TOY[:kept])) < 4


@given(st.binary(max_size=200))
def test_garbage_is_never_another_kind_of_error(data: bytes) -> None:
    with contextlib.suppress(IntegrityError):
        read_graph(data)


@given(st.integers(0, len(TOY) - 1), st.integers(1, 255))
def test_flipped_bytes_are_never_another_kind_of_error(place: int, mask: int) -> None:
    with contextlib.suppress(IntegrityError):
        read_graph(TOY[:place] + bytes([TOY[place] ^ mask]) + TOY[place + 1 :])


def test_huge_declared_shape_is_refused_without_memory() -> None:
    with pytest.raises(IntegrityError):
        read_graph(graph(node("a", "Const", value=tensor(1, (1 << 40, 1 << 20), b"\0" * 4))))


def test_plain_graph_is_the_same_graph_written_plainly() -> None:
    plain = plain_graph(TOY)
    assert b"x:0" not in plain
    assert b"^guard" not in plain
    before, after = read_graph(TOY), read_graph(plain)
    assert list(after) == list(before)
    assert {name: (n.op, n.inputs, n.lists) for name, n in after.items()} == {
        name: (n.op, n.inputs, n.lists) for name, n in before.items()
    }
