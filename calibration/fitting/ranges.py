"""Ranges of a model's activations for its int8 file: observed on pictures, chosen by what verification makes of them.

What a layer reads is counted in a histogram of magnitudes. A range that keeps every value wastes steps on the rarest;
one that cuts them off clips. Each method chooses differently; which one serves a model is measured, not believed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from engines.convert.quantized import LAYERS
from engines.runtime.base import FloatArray

BINS = 2048
_LEVELS = 128  # magnitudes that a symmetric int8 tells apart
_MSE_STEPS = 120
_ENTROPY_STEP = 16

Counts = NDArray[np.float64]


@dataclass(slots=True)
class Histogram:
    """Magnitudes of one value over pictures; the limit doubles whenever a larger one comes.

    Attributes:
        limit: upper end of the last bin; 0 = nothing was seen yet.
        most: largest magnitude seen.
        counts: float64 (BINS,).
    """

    limit: float = 0.0
    most: float = 0.0
    counts: Counts = field(default_factory=lambda: np.zeros(BINS))

    def add(self, values: FloatArray) -> None:
        """Count the magnitudes of finite values of any shape."""
        magnitudes = np.abs(values.ravel())
        most = float(magnitudes.max(initial=0.0))
        self.most = max(self.most, most)
        if self.limit == 0:
            self.limit = 2 * most
        while 0 < self.limit < most:
            self.counts = np.concatenate([self.counts.reshape(-1, 2).sum(axis=1), np.zeros(BINS // 2)])
            self.limit *= 2
        if self.limit > 0:
            places = (magnitudes * np.float32(BINS / self.limit)).astype(np.int32)
            self.counts += np.bincount(np.minimum(places, BINS - 1), minlength=BINS)


def largest(histogram: Histogram) -> float:
    """Return the largest magnitude that was seen: nothing is clipped."""
    return histogram.most


def percentile(histogram: Histogram, share: float) -> float:
    """Return the magnitude below which a share of all values lies, at most the largest one."""
    below = np.cumsum(histogram.counts) / histogram.counts.sum()
    edge = (int(np.searchsorted(below, share)) + 1) * histogram.limit / BINS
    return min(edge, histogram.most)


def least_squares(histogram: Histogram) -> float:
    """Return the range with the least mean squared error of rounding and clipping together."""
    centers = (np.arange(BINS) + 0.5) * histogram.limit / BINS
    tried = histogram.most * np.linspace(1 / _MSE_STEPS, 1.0, _MSE_STEPS)
    steps = tried / (_LEVELS - 1)
    rounded = np.minimum(np.rint(centers / steps[:, None]), _LEVELS - 1) * steps[:, None]
    errors = ((rounded - centers) ** 2 * histogram.counts).sum(axis=1)
    return float(tried[int(np.argmin(errors))])


def least_divergence(histogram: Histogram) -> float:
    """Return the range whose int8 distribution diverges least from what was seen.

    Migacz, "8-bit inference with TensorRT", GTC 2017. The bin of zeros is left out: after a ReLU it would decide all.
    """
    counts = histogram.counts.copy()
    counts[0] = 0
    ends = range(_LEVELS, BINS + 1, _ENTROPY_STEP)
    chosen = min(ends, key=lambda end: _divergence(counts, end))
    return min(chosen * histogram.limit / BINS, histogram.most)


def _divergence(counts: Counts, end: int) -> float:
    seen = counts[:end].copy()
    kept = seen.copy()
    seen[-1] += counts[end:].sum()
    level = np.arange(end) * _LEVELS // end
    is_used = kept > 0
    totals = np.bincount(level, kept, _LEVELS)
    used = np.bincount(level, is_used, _LEVELS)
    spread = np.where(is_used, (totals / np.maximum(used, 1))[level], 0.0)
    if not spread.any():
        return float("inf")
    first, second = seen / seen.sum(), spread / spread.sum()
    both = (first > 0) & (second > 0)
    lost = first[(first > 0) & (second == 0)].sum()
    return float(np.sum(first[both] * np.log(first[both] / second[both])) + lost * np.log(1 / 1e-9))


METHODS: Mapping[str, Callable[[Histogram], float]] = {
    "largest": largest,
    "percentile 99.999": lambda histogram: percentile(histogram, 0.99999),
    "percentile 99.99": lambda histogram: percentile(histogram, 0.9999),
    "least squares": least_squares,
    "entropy": least_divergence,
}
"""How a range may be chosen from a histogram, by name."""


def layer_inputs(model: bytes) -> tuple[str, ...]:
    """Return the names of the values that layers of weights read, each once, in the order of the layers."""
    graph = onnx.load_model_from_string(model).graph
    return tuple(dict.fromkeys(node.input[0] for node in graph.node if node.op_type in LAYERS))


def observable(model: bytes, names: Iterable[str]) -> bytes:
    """Return the model with some of its values as further outputs; values that are inputs are left out."""
    loaded = onnx.load_model_from_string(model)
    fed = {value.name for value in loaded.graph.input}
    for name in names:
        if name not in fed:
            loaded.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    written: bytes = loaded.SerializeToString()
    return written


def observe(
    infer: Callable[[FloatArray], Mapping[str, FloatArray]],
    crops: Iterable[FloatArray],
    names: Iterable[str],
    fed: str,
) -> dict[str, Histogram]:
    """Count what layers read over crops.

    Args:
        infer: runs an :func:`observable` model.
        crops: float32 (1, 3, side, side), as the model is fed.
        names: of :func:`layer_inputs`.
        fed: the name of the model's input.
    """
    histograms = {name: Histogram() for name in names}
    for crop in crops:
        outputs: dict[str, Any] = {**infer(crop), fed: crop}
        for name, histogram in histograms.items():
            histogram.add(outputs[name])
    return histograms


def chosen_ranges(
    histograms: Mapping[str, Histogram], method: str, *, keeps_edges: bool, last: str
) -> dict[str, float]:
    """Return the range of every value by a method.

    Args:
        histograms: by name, in the order of the layers.
        method: one of :data:`METHODS`.
        keeps_edges: whether the first and the last layer stay in floating point.
        last: what the last layer reads.
    """
    edges = {next(iter(histograms)), last} if keeps_edges else set()
    return {
        name: METHODS[method](histogram)
        for name, histogram in histograms.items()
        if name not in edges and histogram.most > 0
    }
