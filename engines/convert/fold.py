"""Exact simplifications: what is linear and constant moves into the weights beside it.

Every fold computes in float64 with operations that IEEE 754 defines to the bit (sums by ``math.fsum``, which rounds
once), then rounds to float32: the same bytes come out on every machine.

* ``Dropout`` at inference and ``Identity`` are nothing.
* ``Mul`` by one number before or after a Conv scales its weights. (Zero padding stays zero; a ``Sub`` before a padded
  Conv would not, so it stays.)
* ``BatchNormalization`` after a Conv or Gemm scales and shifts its output channels.
* ``BatchNormalization`` before a Flatten and a Gemm scales the Gemm's columns and shifts its bias.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.convert.network import Network, Node

_F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Affine:
    """``x * scale + shift`` by channel; ``scale`` and ``shift`` have one value or one a channel."""

    scale: _F64
    shift: _F64


def fold(network: Network) -> Network:
    """Return an equal network with fewer operations, every fold applied until none fits."""
    network = _without_identities(network)
    while (simpler := _fold_one(network)) is not None:
        network = simpler
    return network


def _without_identities(network: Network) -> Network:
    renamed: dict[str, str] = {}
    nodes = []
    for node in network.nodes:
        inputs = tuple(renamed.get(name, name) for name in node.inputs)
        if node.op in {"Dropout", "Identity"} and node.outputs[0] not in network.outputs:
            renamed[node.outputs[0]] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    read = {name for node in nodes for name in node.inputs}
    kept = tuple(node for node in nodes if node.op != "Constant" or node.outputs[0] in read)
    return network.with_nodes(kept, network.constants)


def _fold_one(network: Network) -> Network | None:
    """Return the network after the first fold that fits, or None."""
    makers = {name: node for node in network.nodes for name in node.outputs}
    readers = network.readers()
    for node in network.nodes:
        before = makers.get(_flowing_input(network, node))
        if before is None or readers[before.outputs[0]] != 1:
            continue
        folded = _folded_pair(network, before, node, makers)
        if folded is not None:
            return folded
    return None


def _folded_pair(network: Network, before: Node, node: Node, makers: Mapping[str, Node]) -> Network | None:
    affine = _affine(network, node)
    if affine is not None and before.op in {"Conv", "Gemm"} and _is_plain(network, before):
        return _replaced(
            network, node, before, replace(before, outputs=node.outputs), _scaled(network, before, affine)
        )
    if node.op == "Conv" and before.op == "Mul":
        affine = _affine(network, before)
        if affine is not None and affine.scale.size == 1:
            weight = network.constants[node.inputs[1]].astype(np.float64) * affine.scale
            source = _flowing_input(network, before)
            return _replaced(
                network, before, node, replace(node, inputs=(source, *node.inputs[1:])), {node.inputs[1]: weight}
            )
    if node.op == "Gemm" and before.op == "Flatten" and _is_plain(network, node):
        batch_norm = makers.get(before.inputs[0])
        affine = _affine(network, batch_norm) if batch_norm is not None else None
        if batch_norm is not None and affine is not None and network.readers()[before.inputs[0]] == 1:
            weights = _absorbed(network, node, affine)
            flattened = replace(before, inputs=(batch_norm.inputs[0],))
            return _replaced(network, batch_norm, before, flattened, weights)
    return None


def _flowing_input(network: Network, node: Node) -> str:
    """Return the name of the one input that is not a constant, or an empty text."""
    flowing = [name for name in node.inputs if name and name not in network.constants]
    return flowing[0] if len(flowing) == 1 else ""


def _affine(network: Network, node: Node) -> _Affine | None:
    """Return what a Mul by one number or a BatchNormalization does, or None for any other node."""
    constants = [network.constants[name].astype(np.float64) for name in node.inputs if name in network.constants]
    if node.op == "Mul" and len(constants) == 1 and constants[0].size == 1:
        return _Affine(constants[0].reshape(1), np.zeros(1))
    if node.op == "BatchNormalization" and len(constants) == 4:
        gamma, beta, mean, variance = constants
        scale = gamma / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
        return _Affine(scale, beta - mean * scale)
    return None


def _is_plain(network: Network, node: Node) -> bool:
    """Return whether weights are constants in output-channel-first order, with no factors of their own."""
    if not all(name in network.constants for name in node.inputs[1:]):
        return False
    attributes = node.attributes
    return node.op == "Conv" or (
        attributes.get("transB", 0) == 1 and attributes.get("alpha", 1.0) == attributes.get("beta", 1.0) == 1.0
    )


def _scaled(network: Network, node: Node, affine: _Affine) -> dict[str, _F64]:
    """Return weights and bias of a Conv or Gemm that an affine map follows."""
    weight = network.constants[node.inputs[1]].astype(np.float64)
    channels = weight.shape[0]
    bias = network.constants[node.inputs[2]].astype(np.float64) if len(node.inputs) > 2 else np.zeros(channels)
    scale = np.broadcast_to(affine.scale, (channels,))
    spread = scale.reshape(-1, *(1,) * (weight.ndim - 1))
    folded = bias * scale + affine.shift
    name = node.inputs[2] if len(node.inputs) > 2 else f"{node.inputs[1]}_bias"
    return {node.inputs[1]: weight * spread, name: folded}


def _absorbed(network: Network, gemm: Node, affine: _Affine) -> dict[str, _F64]:
    """Return weights and bias of a Gemm whose flattened (channels, height, width) input was mapped by channel."""
    weight = network.constants[gemm.inputs[1]].astype(np.float64)
    bias = network.constants[gemm.inputs[2]].astype(np.float64)
    pixels = weight.shape[1] // affine.scale.size
    scale, shift = np.repeat(affine.scale, pixels), np.repeat(affine.shift, pixels)
    shifted = np.array([math.fsum([b, *(row * shift).tolist()]) for b, row in zip(bias, weight, strict=True)])
    return {gemm.inputs[1]: weight * scale, gemm.inputs[2]: shifted}


def _replaced(network: Network, gone: Node, old: Node, new: Node, weights: Mapping[str, NDArray[Any]]) -> Network:
    """Return the network without ``gone``, with ``new`` in the place of ``old``, with new weights."""
    constants = {**network.constants, **{name: value.astype(np.float32) for name, value in weights.items()}}
    if new.op in {"Conv", "Gemm"} and len(new.inputs) == 2 and f"{new.inputs[1]}_bias" in weights:
        new = replace(new, inputs=(*new.inputs, f"{new.inputs[1]}_bias"))
    nodes = tuple(new if node is old else node for node in network.nodes if node is not gone)
    return network.with_nodes(nodes, constants)
