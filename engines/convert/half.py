"""An fp32 network as fp16: weights and arithmetic in half precision, inputs and outputs still float32.

Precision is a property of the file, so that every runtime computes the same function of it. The rules:

* What is fed and what comes out stays float32; one Cast stands at each.
* Weights are rounded to the nearest half, ties to even (IEEE 754). One that is too large for a half refuses the
  model; none is moved silently. What became coarse or zero is counted, for the file's manifest.
* The closing normalization of an embedding stays float32: its sum of squares may leave the range of a half, and the
  guard against dividing by zero is smaller than the smallest one.
* What ONNX wants in float32, such as the scales of a Resize, stays so.
* A few layers that were measured to lose more than all others may stay in float32, by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engines.convert.network import Network, Node
from engines.errors import EngineError

WEIGHTED = frozenset({"Conv", "Gemm", "MatMul"})
_NORMALIZING = frozenset({"ReduceSum", "Sqrt", "Reciprocal"})
_FLOAT32_INPUTS: Mapping[str, frozenset[int]] = {"Resize": frozenset({1, 2, 3})}
_HALF = "_fp16"
_SINGLE = "_fp32"
_SMALLEST_NORMAL = float(np.finfo(np.float16).smallest_normal)


@dataclass(frozen=True, slots=True)
class Rounding:
    """What rounding weights to halves did.

    Attributes:
        weights: float32 values that were rounded.
        zeroed: of them, values other than 0 that became 0; each was below 3e-8.
        subnormal: of them, values that are coarser than a half usually is: below 6.1e-5, in steps of 6e-8.
        largest: largest magnitude of all.
    """

    weights: int
    zeroed: int
    subnormal: int
    largest: float


def half(network: Network, *, single: Iterable[str] = ()) -> tuple[Network, Rounding]:
    """Return the network in half precision, and what rounding did to its weights.

    Args:
        network: fp32.
        single: values that are computed in float32 all the same, beside those of a closing normalization.

    Raises:
        EngineError: a weight is not finite as a half, or is read both as a half and as a float32; or no node writes a
            value that is to stay.
    """
    kept = frozenset(single)
    unknown = sorted(kept.difference(*(node.outputs for node in network.nodes)))
    if unknown:
        raise EngineError(f"no node writes {unknown[0]}, which is to stay float32", hint="use the catalog's model")
    writer = _Writer(network, kept | _closing(network))
    for node in network.nodes:
        writer.add(node)
    return network.with_nodes(tuple(writer.nodes), writer.constants()), writer.rounding()


def _closing(network: Network) -> frozenset[str]:
    """Return what the nodes after the last weights write, if they normalize."""
    weighted = [place for place, node in enumerate(network.nodes) if node.op in WEIGHTED]
    last = network.nodes[weighted[-1] + 1 :] if weighted else ()
    is_normalizing = any(node.op in _NORMALIZING for node in last)
    return frozenset(name for node in last if is_normalizing for name in node.outputs)


class _Writer:
    """The nodes so far; every flowing value is had in float32, in half, or in both."""

    def __init__(self, network: Network, single: frozenset[str]) -> None:
        self._network = network
        self._single = single
        self._halves: dict[str, str] = {}  # value -> its name in half precision
        self._singles: dict[str, str] = {name: name for name in network.inputs}
        self._halved: dict[str, NDArray[Any]] = {}
        self._untouched: dict[str, NDArray[Any]] = {}
        self.nodes: list[Node] = []

    def cast(self, name: str, *, to_half: bool) -> str:
        """Return a value's name in a precision, casting it the first time."""
        wanted = self._halves if to_half else self._singles
        if name not in wanted:
            source = (self._singles if to_half else self._halves)[name]
            wanted[name] = f"{name}{_HALF if to_half else _SINGLE}"
            to = TensorProto.FLOAT16 if to_half else TensorProto.FLOAT
            self.nodes.append(Node("Cast", (source,), (wanted[name],), {"to": int(to)}))
        return wanted[name]

    def add(self, node: Node) -> None:
        is_half = not self._single.intersection(node.outputs)
        stays = _FLOAT32_INPUTS.get(node.op, frozenset())
        inputs = tuple(self._read(name, is_half and i not in stays) for i, name in enumerate(node.inputs))
        names = []
        for name in node.outputs:
            # An integer between QuantizeLinear and DequantizeLinear flows under its own name either way.
            inner = f"{name}{_HALF}" if is_half and name in self._network.outputs else name
            (self._halves if is_half else self._singles)[name] = inner
            names.append(inner)
        self.nodes.append(Node(node.op, inputs, tuple(names), node.attributes))
        for name, inner in zip(node.outputs, names, strict=True):
            if inner != name:
                self.nodes.append(Node("Cast", (inner,), (name,), {"to": int(TensorProto.FLOAT)}))

    def constants(self) -> dict[str, NDArray[Any]]:
        """Return the constants in file order."""
        both = self._halved.keys() & self._untouched.keys()
        if both:
            raise EngineError(
                f"{min(both)} is read as a half and as a float32", hint="report this with the model's id"
            )
        every = self._halved | self._untouched
        return {name: every[name] for name in self._network.constants if name in every}

    def rounding(self) -> Rounding:
        """Return what was lost."""
        pairs = [(self._network.constants[name], value) for name, value in self._halved.items()]
        magnitudes = [(np.abs(before), np.abs(after.astype(np.float32))) for before, after in pairs]
        return Rounding(
            weights=sum(before.size for before, _ in pairs),
            zeroed=sum(int(np.sum((b > 0) & (a == 0))) for b, a in magnitudes),
            subnormal=sum(int(np.sum((a > 0) & (a < _SMALLEST_NORMAL))) for _, a in magnitudes),
            largest=max((float(before.max()) for before, _ in magnitudes if before.size), default=0.0),
        )

    def _read(self, name: str, is_half: bool) -> str:  # noqa: FBT001 - one thought with its callers
        if not name:
            return name
        value = self._network.constants.get(name)
        if value is None:
            return self.cast(name, to_half=is_half)
        if is_half and value.dtype == np.float32:
            self._halved[name] = _rounded(name, value)
        else:
            self._untouched[name] = value
        return name


def _rounded(name: str, value: NDArray[np.float32]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        rounded = value.astype(np.float16)
    if not np.isfinite(rounded).all():
        largest = float(np.abs(value).max())
        raise EngineError(f"{name} holds {largest:g}, which no half holds", hint="use fp32 for this model")
    return rounded
