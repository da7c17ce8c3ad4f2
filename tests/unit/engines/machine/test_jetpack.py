from pathlib import Path

import pytest

from engines.errors import EngineError
from engines.machine.jetpack import read_jetpack
from engines.machine.root import MachineRoot
from tests.support.jetson_trees import jetson, write


@pytest.mark.parametrize(
    ("release", "revision", "version", "is_supported"),
    [
        ("35", "4.1", "5", False),
        ("36", "3.0", "6.0", False),
        ("36", "4.0", "6.1", False),
        ("36", "4.3", "6.2", False),
        ("36", "5.0", "6.2.2", False),
        ("36", "9.9", "6", False),
        ("38", "2.0", "7.0", True),
        ("38", "4.0", "7.1", True),
        ("39", "0.0", "7.2 (early access)", True),
        ("39", "2.0", "7.2", True),
        ("39", "7", "7", True),
        ("41", "1.0", "", True),
    ],
)
def test_the_release_names_the_jetpack(
    tmp_path: Path, release: str, revision: str, version: str, is_supported: bool
) -> None:
    found = read_jetpack(jetson(tmp_path, release=release, revision=revision))
    assert found is not None
    assert (found.l4t, found.version) == (f"{release}.{revision}", version)
    assert found.is_supported is is_supported
    assert str(found) == f"JetPack {version or 'unknown'} (L4T {release}.{revision})"


def test_another_machine_has_none(tmp_path: Path) -> None:
    assert read_jetpack(MachineRoot(path=tmp_path)) is None


@pytest.mark.parametrize("text", ["", "R36", "# R (release), REVISION: x", "# R99999 revision", "\xff\xfe"])
def test_a_release_file_that_says_nothing_is_a_fault(tmp_path: Path, text: str) -> None:
    machine = jetson(tmp_path)
    write(tmp_path, "/etc/nv_tegra_release", text)
    with pytest.raises(EngineError, match="does not say which release") as caught:
        read_jetpack(machine)
    assert caught.value.hint


def test_a_jetson_is_known_by_its_device_tree_too(tmp_path: Path) -> None:
    machine = jetson(tmp_path)
    (tmp_path / "etc/nv_tegra_release").unlink()
    with pytest.raises(EngineError):
        read_jetpack(machine)


def test_what_cannot_be_read_is_empty(tmp_path: Path) -> None:
    machine = MachineRoot(path=tmp_path)
    assert machine.text("/nowhere") == ""
    assert machine.number("/nowhere") is None
    assert machine.matching("/nowhere", "*") == ()
    (tmp_path / "folder").mkdir()
    assert machine.text("/folder") == ""
