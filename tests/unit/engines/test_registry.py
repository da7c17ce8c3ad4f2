import subprocess
import sys

import pytest

from engines.errors import RuntimeMissingError
from engines.runtime import onnxruntime as onnxruntime_module
from engines.runtime import openvino as openvino_module
from engines.runtime.base import Precision
from engines.runtime.registry import available_precisions, available_runtimes, runtime_names


def test_installed_runtimes_are_named_best_first() -> None:
    found = available_runtimes()
    assert runtime_names() == ("tensorrt", "openvino", "onnxruntime")
    assert [name for name in found if name != "tensorrt"] == ["openvino", "onnxruntime"]
    assert found["openvino"][0] is Precision.FP32
    assert found["onnxruntime"] == (Precision.FP32, Precision.FP16, Precision.INT8)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_runtime_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    caches = (openvino_module._core, onnxruntime_module._library)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setitem(sys.modules, name, None)
    try:
        assert name not in available_runtimes()
        with pytest.raises(RuntimeMissingError, match="not installed") as caught:
            available_precisions(name)
        assert f"edge-gate[{name}]" in caught.value.hint
    finally:
        for cached in caches:
            cached.cache_clear()


def test_unknown_runtime_names_the_known_ones() -> None:
    with pytest.raises(RuntimeMissingError) as caught:
        available_precisions("abacus")
    assert "openvino" in caught.value.hint


def test_heavy_libraries_wait_until_they_are_used() -> None:
    """Building needs onnx, running needs one runtime; naming and loading models needs neither."""
    program = (
        "import sys, engines.build, engines.fetch, engines.serve, engines.verify, engines.runtime.registry\n"
        "import engines.runtime.openvino, engines.runtime.onnxruntime, engines.runtime.tensorrt.engine\n"
        "print([m for m in ('onnx', 'onnxruntime', 'openvino', 'google.protobuf', 'tensorrt') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
