"""Which steps make which model."""

from collections.abc import Callable

from engines.catalog import ModelSpec
from engines.convert.facenet import network_from_graph
from engines.convert.fold import fold
from engines.convert.graphdef import read_graph
from engines.convert.network import Network, network_from_onnx, onnx_from_network
from engines.convert.unfold import unfold, with_free_batch, with_free_size
from engines.errors import EngineError


def convert(spec: ModelSpec, weights: bytes) -> bytes:
    """Turn published weights into fp32 ONNX, the same bytes on every machine.

    Batch, and a detector's height and width, are free; a runtime fixes them when it compiles.

    Args:
        spec: the model.
        weights: its published weights, already checked against their hash.

    Raises:
        IntegrityError: the weights cannot be read.
        EngineError: the converter is unknown, or the weights hold what it does not know.
    """
    if spec.converter not in _CONVERTERS:
        raise EngineError(f"no converter is called {spec.converter!r}", hint=f"use one of {', '.join(_CONVERTERS)}")
    return onnx_from_network(_CONVERTERS[spec.converter](spec, weights), name=spec.id)


def _facenet(spec: ModelSpec, weights: bytes) -> Network:
    (output,) = spec.output_names
    graph = read_graph(weights)
    return fold(network_from_graph(graph, output=output, side=spec.input.side, dimension=spec.dimension))


def _sface(_: ModelSpec, weights: bytes) -> Network:
    return fold(with_free_batch(unfold(network_from_onnx(weights))))


def _yunet(_: ModelSpec, weights: bytes) -> Network:
    return fold(with_free_size(with_free_batch(unfold(network_from_onnx(weights)))))


_CONVERTERS: dict[str, Callable[[ModelSpec, bytes], Network]] = {
    "facenet": _facenet,
    "sface": _sface,
    "yunet": _yunet,
}
