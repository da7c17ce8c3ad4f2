"""What the engine commands work on: the models named, and the engines that a gate serves of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from edge.daemon.models import serving_batches
from edge.domain.errors import UsageError
from edge.settings.sections import EngineSection
from engines.build import load_engine
from engines.cache import ModelStore
from engines.catalog import ModelSpec, Role, load_catalog
from engines.runtime.base import Engine, Precision

ModelsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL]...", help="Models by id. Default: all of the catalog.")
]


class PrecisionChoice(StrEnum):
    """Arithmetic to run, or ``auto``: the fastest of those that a gate may serve."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class ServedEngine:
    """One engine that a gate serves, but for its runtime and precision.

    Attributes:
        spec: the model.
        batch: pictures an inference.
        size: (width, height) in pixels.
    """

    spec: ModelSpec
    batch: int
    size: tuple[int, int]

    def load(self, store: ModelStore, *, runtime: str, precision: Precision, threads: int) -> Engine:
        """Return the engine, not yet activated. Raises as :func:`engines.build.load_engine` does."""
        return load_engine(
            self.spec,
            store,
            runtime=runtime,
            precision=precision,
            batch=self.batch,
            size=self.size,
            threads=threads,
        )


def named_models(ids: Sequence[str] | None) -> tuple[ModelSpec, ...]:
    """Return the catalog's models of these ids, each once; all of them if none is named.

    Raises:
        UsageError: there is no such model.
    """
    catalog = load_catalog()
    unknown = [model_id for model_id in ids or () if model_id not in catalog]
    if unknown:
        raise UsageError(f"no model is called {unknown[0]!r}", hint=f"use one of {', '.join(catalog)}")
    return tuple(catalog[model_id] for model_id in dict.fromkeys(ids or catalog))


def served_engines(specs: Sequence[ModelSpec], options: EngineSection) -> Iterator[ServedEngine]:
    """Give every engine that a gate with these settings serves of some models."""
    for spec in specs:
        if spec.role is Role.DETECTOR:
            yield ServedEngine(spec, 1, (options.detector_width_px, options.detector_height_px))
        else:
            yield from (ServedEngine(spec, batch, spec.default_size) for batch in serving_batches(spec.id))
