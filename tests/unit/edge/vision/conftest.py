"""Detectors: one that sees white rectangles, and the real one."""

from collections.abc import Callable, Iterator

import pytest

from engines.build import load_engine
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import EngineError
from engines.runtime.base import Engine, Precision
from tests.support.white_rectangle_engine import WhiteRectangleEngine


@pytest.fixture
def white_rectangle_engine() -> Iterator[WhiteRectangleEngine]:
    with WhiteRectangleEngine(320, 256) as engine:
        yield engine


@pytest.fixture(scope="session")
def yunet() -> Iterator[Callable[[tuple[int, int]], Engine]]:
    """Give the real detector for an input (width, height)."""
    opened: dict[tuple[int, int], Engine] = {}

    def of_size(size: tuple[int, int]) -> Engine:
        if size not in opened:
            try:
                spec, store = find_spec("yunet-2023mar"), ModelStore()
                engine = load_engine(
                    spec, store, runtime="onnxruntime", precision=Precision.FP32, size=size, threads=1
                )
                engine.activate()
            except EngineError as error:
                pytest.skip(f"no detector: {error}; {error.hint}")
            opened[size] = engine
        return opened[size]

    yield of_size
    for engine in opened.values():
        engine.deactivate()
