"""``edge-gate evaluate``: what it lacks is said before the work, not after minutes of it."""

import sys
from pathlib import Path

import pytest

from calibration.intervals import clopper_pearson, require_exact_intervals
from edge.commands.app import run_command_line
from edge.domain.errors import ConfigError


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(*_: object, **__: object) -> None:
        raise AssertionError("models were loaded")

    monkeypatch.setattr("calibration.commands.load_models", loaded)


@pytest.fixture
def no_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)


@pytest.mark.parametrize(
    "arguments", [("pairs", "--images", "x", "--pairs", "y"), ("faces", "--images", "x", "--counts", "y")]
)
@pytest.mark.usefixtures("no_work", "no_scipy")
def test_scipy_is_asked_for_before_the_work(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["evaluate", *arguments]) == 3
    said = capsys.readouterr()
    assert "scipy" in said.err
    assert "hint: install the extra: pip install 'edge-gate[calibration]'" in said.err
    assert not said.out


@pytest.mark.usefixtures("no_scipy")
def test_an_interval_without_scipy_is_refused() -> None:
    with pytest.raises(ConfigError):
        clopper_pearson(1, 2)


def test_with_scipy_nothing_is_said() -> None:
    pytest.importorskip("scipy")
    require_exact_intervals()


def test_state_is_taken_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE__ENVIRONMENT", "development")
    assert run_command_line(["calibrate", "show", "--state", str(tmp_path / "none"), "--json"]) == 0
    assert capsys.readouterr().out.startswith('{"digest"')
    assert not (tmp_path / "none").exists()
