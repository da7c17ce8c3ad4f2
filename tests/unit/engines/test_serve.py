"""What is compiled ahead is proven, compiled once more if it fails, and gone if it fails again."""

import pytest

from engines import serve
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import AcceptanceError, DeviceError, EngineError, IntegrityError
from engines.progress import Progress, Silent
from engines.runtime.base import FloatArray, Precision
from engines.serve import compile_proven, proven_engine
from tests.support.golden_engine import GoldenEngine

SPEC = find_spec("sface-2021dec")


class AheadEngine(GoldenEngine):
    """Compiled ahead; the first so many compilations are no good."""

    is_compiled_ahead = True

    def __init__(self, *, bad: int = 0, fault: EngineError | None = None) -> None:
        super().__init__(SPEC, fault=self._spoil)
        self._bad, self._error = bad, fault
        self.done: list[str] = []

    def compile(self, progress: Progress, *, is_forced: bool = False) -> None:
        self.done.append("compile again" if is_forced else "compile")

    def discard(self) -> None:
        self.done.append("discard")

    def _activate(self) -> None:
        super()._activate()
        if self._error is not None and self._compilations <= self._bad:
            raise self._error

    @property
    def _compilations(self) -> int:
        return sum(each.startswith("compile") for each in self.done)

    def _spoil(self, outputs: FloatArray, _: int) -> FloatArray:
        return outputs * 2 if self._error is None and self._compilations <= self._bad else outputs


def test_what_keeps_its_bars_is_compiled_once() -> None:
    engine = AheadEngine()
    compile_proven(engine, SPEC, Silent())
    assert engine.done == ["compile"]
    assert engine.activations == 1


def test_what_was_there_and_fails_is_compiled_again_once() -> None:
    engine = AheadEngine(bad=1)
    compile_proven(engine, SPEC, Silent())
    assert engine.done == ["compile", "discard", "compile again"]
    assert engine.activations == 1


def test_what_fails_twice_stays_deleted() -> None:
    engine = AheadEngine(bad=2)
    with pytest.raises(AcceptanceError):
        compile_proven(engine, SPEC, Silent())
    assert engine.done == ["compile", "discard", "compile again", "discard"]
    assert engine.activations == 0


def test_what_does_not_load_is_compiled_again_once() -> None:
    engine = AheadEngine(bad=1, fault=IntegrityError("refused", hint="build"))
    compile_proven(engine, SPEC, Silent())
    assert engine.done == ["compile", "compile again"]


def test_a_device_at_fault_is_no_reason_to_compile_again() -> None:
    engine = AheadEngine(bad=2, fault=DeviceError("lost", hint="restart"))
    with pytest.raises(DeviceError):
        compile_proven(engine, SPEC, Silent())
    assert engine.done == ["compile"]


def test_what_compiles_when_it_is_activated_is_activated_alone() -> None:
    engine = GoldenEngine(SPEC, fault=lambda outputs, _: outputs * 2)
    compile_proven(engine, SPEC, Silent())
    assert engine.activations == 1
    engine.discard()


def test_the_door_deletes_what_fails_and_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = AheadEngine(bad=9)
    monkeypatch.setattr(serve, "load_engine", lambda *_, **__: engine)
    with pytest.raises(AcceptanceError):
        proven_engine(SPEC, ModelStore(), runtime="tensorrt", precision=Precision.FP32, threads=1)
    assert engine.done == ["discard"]
    assert engine.activations == 0
