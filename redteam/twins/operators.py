"""The ONNX operators of the three served models, in torch: tensors and attributes in, one tensor out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from onnx import TensorProto
from torch import Tensor
from torch.nn import functional

Attributes = Mapping[str, Any]
Operator = Callable[[Sequence[Tensor], Attributes], Tensor]


def _padded(x: Tensor, attributes: Attributes, fill: float) -> Tensor:
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    return functional.pad(x, (left, right, top, bottom), value=fill) if any((top, left, bottom, right)) else x


def _conv(x: Sequence[Tensor], a: Attributes) -> Tensor:
    top, left, bottom, right = a.get("pads", (0, 0, 0, 0))
    is_even = top == bottom and left == right
    picture = x[0] if is_even else _padded(x[0], a, 0.0)
    return functional.conv2d(
        picture,
        x[1],
        x[2] if len(x) > 2 else None,
        stride=a.get("strides", [1, 1]),
        padding=(top, left) if is_even else 0,
        groups=a.get("group", 1),
    )


def _max_pool(x: Sequence[Tensor], a: Attributes) -> Tensor:
    return functional.max_pool2d(_padded(x[0], a, float("-inf")), a["kernel_shape"], a.get("strides"))


def _average_pool(x: Sequence[Tensor], a: Attributes) -> Tensor:
    return functional.avg_pool2d(_padded(x[0], a, 0.0), a["kernel_shape"], a.get("strides"))


def _batch_norm(x: Sequence[Tensor], a: Attributes) -> Tensor:
    return functional.batch_norm(x[0], x[3], x[4], x[1], x[2], training=False, eps=a.get("epsilon", 1e-5))


def _gemm(x: Sequence[Tensor], a: Attributes) -> Tensor:
    weight = x[1].T if a.get("transB", 0) else x[1]
    product = x[0] @ weight * a.get("alpha", 1.0)
    return product + x[2] * a.get("beta", 1.0) if len(x) > 2 else product


def _reduce_sum(x: Sequence[Tensor], a: Attributes) -> Tensor:
    axes = x[1].tolist() if len(x) > 1 else a["axes"]
    return x[0].sum(dim=list(axes), keepdim=bool(a.get("keepdims", 1)))


def _reshape(x: Sequence[Tensor], a: Attributes) -> Tensor:
    del a
    shape = [int(x[0].shape[i]) if size == 0 else size for i, size in enumerate(x[1].tolist())]
    return x[0].reshape(shape)


def _prelu(x: Sequence[Tensor], a: Attributes) -> Tensor:
    del a
    # The same function by quick operations: torch's own PReLU takes half of SFace's backward pass.
    slope = x[1].to(x[0].dtype)
    return torch.addcmul(x[0] * slope, functional.relu(x[0]), 1 - slope)


def _resize(x: Sequence[Tensor], a: Attributes) -> Tensor:
    if a.get("mode", b"nearest") != b"nearest":
        raise ValueError("the twin knows Resize by nearest neighbor alone")
    scale = x[2].tolist() if len(x) > 2 and x[2].numel() else None
    size = None if scale else x[3].tolist()[2:]
    return functional.interpolate(x[0], size=size, scale_factor=scale[2:] if scale else None, mode="nearest")


_TYPES = {TensorProto.FLOAT: torch.float32, TensorProto.FLOAT16: torch.float16}

OPERATORS: Mapping[str, Operator] = {
    "Add": lambda x, _: x[0] + x[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": lambda x, a: x[0].to(_TYPES[a["to"]]),
    "Concat": lambda x, a: torch.cat(list(x), dim=a["axis"]),
    "Conv": _conv,
    "Div": lambda x, _: x[0] / x[1],
    "Flatten": lambda x, a: x[0].flatten(a.get("axis", 1)),
    "Gemm": _gemm,
    "Identity": lambda x, _: x[0],
    "MatMul": lambda x, _: x[0] @ x[1],
    "Max": lambda x, _: torch.maximum(x[0], x[1]),
    "MaxPool": _max_pool,
    "Mul": lambda x, _: x[0] * x[1],
    "PRelu": _prelu,
    "Reciprocal": lambda x, _: x[0].reciprocal(),
    "ReduceSum": _reduce_sum,
    "Relu": lambda x, _: functional.relu(x[0]),
    "Reshape": _reshape,
    "Resize": _resize,
    "Sigmoid": lambda x, _: torch.sigmoid(x[0]),
    "Sqrt": lambda x, _: x[0].sqrt(),
    "Sub": lambda x, _: x[0] - x[1],
    "Transpose": lambda x, a: x[0].permute(*a["perm"]),
}
"""By ONNX name."""
