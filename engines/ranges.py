"""Ranges of a model's activations, for its int8 file: fitted on pictures once, committed, pinned by the catalog.

``ranges/MODEL.json`` is canonical JSON (RFC 8785). ``edge-gate calibrate ranges`` fits and writes it. A device that
builds the int8 file needs no picture: the same table gives the same bytes everywhere.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources

import rfc8785

from engines.catalog import ModelSpec
from engines.errors import EngineError, IntegrityError
from engines.runtime.base import Precision

_HINT = "the ranges ship with the program: install it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRanges:
    """How large the inputs of a model's layers become.

    Attributes:
        model: catalog id.
        onnx_sha256: the fp32 file that was observed.
        method: how a range was chosen from what was observed.
        pictures: crops that were observed.
        data_sha256: digest of those crops, in order.
        ranges: largest magnitude that is represented, by the name of the value. A layer that is to stay in floating
            point has none.
    """

    model: str
    onnx_sha256: str
    method: str
    pictures: int
    data_sha256: str
    ranges: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.ranges or not all(math.isfinite(most) and most > 0 for most in self.ranges.values()):
            raise ValueError(f"{self.model}: ranges are finite and positive, and there is at least one")

    def to_json(self) -> bytes:
        """Return the table as canonical JSON."""
        return rfc8785.dumps({**asdict(self), "ranges": dict(self.ranges)})


def ranges_from_json(data: bytes) -> ActivationRanges:
    """Read a table.

    Raises:
        EngineError: it is damaged.
    """
    try:
        return ActivationRanges(**json.loads(data))
    except (ValueError, TypeError, AttributeError) as error:
        raise EngineError(f"a table of activation ranges is damaged: {error}", hint=_HINT) from error


def ranges_of(spec: ModelSpec) -> ActivationRanges:
    """Return the committed table of a model.

    Raises:
        EngineError: there is none.
        IntegrityError: it is not the one that the catalog pins, or was fitted on another model file.
    """
    pinned = spec.derived_file(Precision.INT8).ranges_sha256
    try:
        data = resources.files("engines").joinpath("ranges", f"{spec.id}.json").read_bytes()
    except OSError as error:
        raise EngineError(f"ranges/{spec.id}.json is not there", hint=_HINT) from error
    found = hashlib.sha256(data).hexdigest()
    if found != pinned:
        raise IntegrityError(f"ranges/{spec.id}.json has sha256 {found[:16]}..., not {pinned[:16]}...", hint=_HINT)
    table = ranges_from_json(data)
    if (table.model, table.onnx_sha256) != (spec.id, spec.onnx_sha256):
        raise IntegrityError(f"ranges/{spec.id}.json was fitted on another model file", hint=_HINT)
    return table
