"""A machine with TensorRT, once a version, and a small model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.runtime.request import EngineRequest
from tests.support.strict_tensorrt import VERSIONS
from tests.support.tensorrt_stage import TensorRTStage, tensorrt_stage
from tests.support.toy_onnx import toy_request


@pytest.fixture(params=VERSIONS)
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TensorRTStage]:
    with tensorrt_stage(monkeypatch, request.param) as made:
        yield made


@pytest.fixture
def wanted(tmp_path: Path) -> EngineRequest:
    return toy_request(tmp_path)
