"""TensorFlow GraphDefs written by hand, byte by byte, from the protobuf wire format."""

import struct

import numpy as np
from numpy.typing import NDArray

Attributes = dict[str, bytes]


def field(number: int, payload: bytes) -> bytes:
    """Return a length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def number(number_: int, value: int) -> bytes:
    """Return a whole-number field."""
    return _varint(number_ << 3) + _varint(value & (1 << 64) - 1)


def graph(*nodes: bytes) -> bytes:
    """Return a GraphDef of nodes."""
    return b"".join(field(1, node) for node in nodes)


def node(name: str, op: str, *inputs: str, **attributes: bytes) -> bytes:
    """Return a NodeDef; attributes are AttrValues."""
    parts = [field(1, name.encode()), field(2, op.encode())]
    parts += [field(3, source.encode()) for source in inputs]
    parts += [field(5, field(1, key.encode()) + field(2, value)) for key, value in attributes.items()]
    return b"".join(parts)


def text(value: str) -> bytes:
    """Return a text AttrValue."""
    return field(2, value.encode())


def whole(value: int) -> bytes:
    """Return a whole-number AttrValue."""
    return number(3, value)


def real(value: float) -> bytes:
    """Return a real-number AttrValue."""
    return _varint(4 << 3 | 5) + struct.pack("<f", value)


def flag(*, is_set: bool) -> bytes:
    """Return a truth-value AttrValue."""
    return number(5, int(is_set))


def integers(*values: int) -> bytes:
    """Return an AttrValue that is a list of whole numbers, packed."""
    return field(1, field(3, b"".join(_varint(value) for value in values)))


def tensor(dtype: int, shape: tuple[int, ...], content: bytes = b"", rest: bytes = b"") -> bytes:
    """Return a tensor AttrValue; ``rest`` is appended to the TensorProto."""
    dims = b"".join(field(2, number(1, side)) for side in shape)
    return field(8, number(1, dtype) + field(2, dims) + (field(4, content) if content else b"") + rest)


def floats(value: NDArray[np.float32]) -> bytes:
    """Return a float32 tensor AttrValue."""
    return tensor(1, value.shape, value.astype("<f4").tobytes())


def const(name: str, value: NDArray[np.float32]) -> bytes:
    """Return a float32 constant node."""
    return node(name, "Const", value=floats(value))


def int_const(name: str, *values: int, is_scalar: bool = False) -> bytes:
    """Return an int32 constant node."""
    content = np.array(values, "<i4").tobytes()
    return node(name, "Const", value=tensor(3, () if is_scalar else (len(values),), content))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
