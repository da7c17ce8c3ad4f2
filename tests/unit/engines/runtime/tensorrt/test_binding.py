"""Which TensorRT is taken, and what is said of the others."""

import importlib.abc
import sys
import types

import pytest

from engines.errors import RuntimeMissingError
from engines.runtime.tensorrt.binding import library, require_known
from tests.support.tensorrt_stage import TensorRTStage


@pytest.mark.parametrize("version", ["10.13", "10.13.0.1", "10.13.3.9", "10.16.1.11", "11.0", "11.4.0.106", "11.10"])
def test_supported_versions_are_taken(version: str) -> None:
    require_known(version)


@pytest.mark.parametrize("version", ["8.6.2", "10.3.0", "10.12.0.36", "9.9.9"])
def test_older_ones_are_refused_with_the_jetpack_that_has_a_newer_one(version: str) -> None:
    with pytest.raises(RuntimeMissingError, match="too old") as caught:
        require_known(version)
    assert "JetPack 7" in caught.value.hint


@pytest.mark.parametrize("version", ["12.0", "100.1.2"])
def test_newer_ones_are_refused(version: str) -> None:
    with pytest.raises(RuntimeMissingError, match="newer") as caught:
        require_known(version)
    assert caught.value.hint


@pytest.mark.parametrize("version", ["", "ten", "10", "\uff11\uff10.\uff12\uff10"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(RuntimeMissingError, match="version"):
        require_known(version)


def test_the_module_is_gated_when_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    library.cache_clear()
    old = types.ModuleType("tensorrt")
    old.__version__ = "10.3.0"  # type: ignore[attr-defined] # a module has what it is given
    monkeypatch.setitem(sys.modules, "tensorrt", old)
    with pytest.raises(RuntimeMissingError, match="too old"):
        library()


class _Broken(importlib.abc.MetaPathFinder):
    def __init__(self, error: Exception) -> None:
        self._error = error

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "tensorrt":
            raise self._error


@pytest.mark.parametrize("error", [ImportError("no module"), OSError("libnvdla_compiler.so: cannot open")])
def test_what_keeps_it_from_being_imported_is_told(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    library.cache_clear()
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_Broken(error), *sys.meta_path])
    with pytest.raises(RuntimeMissingError, match=str(error)) as caught:
        library()
    assert caught.value.hint


def test_a_supported_one_is_given(stage: TensorRTStage) -> None:
    assert library() is stage.trt
