"""The installation script on a root of its own: releases change whole, and what fails leaves the old one in force."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engines.cache import default_root
from tests.support.installed_root import SCRIPT, InstalledRoot

TREE = SCRIPT.parents[1]


@pytest.fixture
def root(tmp_path: Path) -> InstalledRoot:
    return InstalledRoot(tmp_path)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_the_scripts_are_clean() -> None:
    scripts = [SCRIPT, TREE / "scripts/pki.sh", TREE / "systemd/edge-gate.wrapper", TREE / ".ci/run"]
    ran = subprocess.run(
        ["shellcheck", "-x", *map(str, scripts)], cwd=TREE, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_from_the_first_release_to_the_next_and_back(root: InstalledRoot) -> None:
    dist = root.path / "usr/lib/python3/dist-packages"
    (dist / "tensorrt").mkdir(parents=True)
    (dist / "tensorrt/__init__.py").write_text("")
    (dist / "numpy").mkdir()
    first = root.run("install", root.wheel("1.0"), python=sys.executable)
    assert first.code == 0, first.err
    assert (root.current, root.is_running) == ("1.0", True)
    shown = root.path / "opt/edge-gate/releases/1.0/system-tensorrt"
    assert [entry.name for entry in shown.iterdir()] == ["tensorrt"]
    python = root.path / "opt/edge-gate/current/bin/python"
    asked = [str(python), "-c", "import tensorrt; print(tensorrt.__file__)"]
    seen = subprocess.run(asked, capture_output=True, check=True)
    assert b"system-tensorrt" in seen.stdout
    key = root.path / "etc/edge-gate/credentials/gallery.key"
    assert (mode(key), key.stat().st_size, mode(key.parent)) == (0o600, 32, 0o700)
    before = key.read_bytes()

    again = root.run("install", root.wheel("1.0"))
    assert (again.code, "nothing to do" in again.out) == (0, True)
    assert root.run("install", root.wheel("2.0")).code == 1  # that is an update

    settings = root.path / "etc/edge-gate/edge-gate.toml"
    settings.write_text("# ours\n")
    updated = root.run("update", root.wheel("2.0"))
    assert updated.code == 0, updated.err
    assert (root.current, root.is_running) == ("2.0", True)
    assert settings.read_text() == "# ours\n"
    assert key.read_bytes() == before

    back = root.run("rollback")
    assert back.code == 0, back.err
    assert (root.current, root.is_running) == ("1.0", True)

    status = root.run("status")
    assert status.code == 0
    assert "in force  1.0" in status.out
    assert "before    2.0" in status.out
    assert "edge-gate  active" in status.out

    gone = root.run("uninstall")
    assert gone.code == 0
    assert not (root.path / "opt/edge-gate").exists()
    assert key.read_bytes() == before


def test_what_the_site_must_still_do_is_told_and_nothing_starts(root: InstalledRoot) -> None:
    root.behave(v1_0={"bad": ["camera", "profile"]})
    ran = root.run("install", root.wheel("1.0"))
    assert ran.code == 0, ran.err
    assert (root.current, root.is_running) == ("1.0", False)
    assert "camera: as it is (mend it)" in ran.out


def test_a_release_that_does_not_work_here_is_not_switched_to(root: InstalledRoot) -> None:
    root.behave(v1_0={"bad": ["engines"]})
    ran = root.run("install", root.wheel("1.0"))
    assert ran.code == 1
    assert root.current == ""
    assert "engines: as it is (mend it)" in ran.err


def installed(root: InstalledRoot) -> Path:
    """Install a release with a state, and return the state."""
    assert root.run("install", root.wheel("1.0")).code == 0
    state = root.path / "var/lib/edge-gate/state"
    state.mkdir(parents=True, exist_ok=True)
    (state / "gate.sqlite3").write_text("decisions")
    return state


@pytest.mark.parametrize(
    ("behavior", "said"),
    [
        ({"build": 1}, "the engines could not be built"),
        ({"fetch": 1}, "the models could not be fetched"),
        ({"bad": ["engines"]}, "engines: as it is"),
        ({"bad": ["profile"]}, "profile: as it is"),
    ],
)
def test_an_update_that_fails_leaves_the_old_release_running(
    root: InstalledRoot, behavior: dict[str, object], said: str
) -> None:
    state = installed(root)
    root.behave(v2_0=behavior | {"migrates": True})
    ran = root.run("update", root.wheel("2.0"))
    assert ran.code == 1
    assert said in ran.err
    assert "hint: " in ran.err
    assert (root.current, root.is_running) == ("1.0", True)
    assert sorted(entry.name for entry in state.iterdir()) == ["gate.sqlite3"]  # its migration is undone
    assert not (state.parent / "state-before-change").exists()


def test_what_the_old_release_lacked_too_is_no_reason_to_refuse_the_new_one(root: InstalledRoot) -> None:
    installed(root)
    root.behave(v1_0={"bad": ["camera"]}, v2_0={"bad": ["camera"]})
    assert root.run("update", root.wheel("2.0")).code == 0
    assert root.current == "2.0"


def test_a_release_that_does_not_start_gives_way_to_the_old_one(root: InstalledRoot) -> None:
    state = installed(root)
    root.behave(v2_0={"migrates": True})
    (root.path / "start-fails").touch()
    ran = root.run("update", root.wheel("2.0"))
    assert ran.code == 1
    assert "2.0 does not start; 1.0 is back" in ran.err
    assert (root.current, root.is_running) == ("1.0", True)
    assert not (state / "migrated").exists()


def test_a_state_that_the_old_release_cannot_open_keeps_it_from_coming_back(root: InstalledRoot) -> None:
    state = installed(root)
    root.behave(v2_0={"migrates": True})
    assert root.run("update", root.wheel("2.0")).code == 0
    (state / "decision").write_text("made since")
    ran = root.run("rollback")
    assert ran.code == 1
    assert "state: as it is" in ran.err
    assert (root.current, root.is_running) == ("2.0", True)
    assert (state / "decision").exists()


def test_a_gate_that_stood_still_is_not_started_by_an_update(root: InstalledRoot) -> None:
    installed(root)
    (root.path / "running").unlink()
    assert root.run("update", root.wheel("2.0")).code == 0
    assert not root.is_running


def test_packages_that_cannot_be_installed_leave_nothing(root: InstalledRoot) -> None:
    ran = root.run("install", root.wheel("1.0"), env={"PIP_CONSTRAINT": "/nowhere"})
    assert ran.code == 1
    assert "the packages could not be installed" in ran.err
    assert (root.releases, root.current) == (set(), "")


def test_what_an_interrupted_attempt_left_is_made_anew(root: InstalledRoot) -> None:
    (root.path / "opt/edge-gate/releases/1.0/bin").mkdir(parents=True)
    assert root.run("install", root.wheel("1.0")).code == 0
    assert root.current == "1.0"


def test_another_wheel_of_the_same_version_is_refused(root: InstalledRoot) -> None:
    installed(root)
    ran = root.run("update", root.wheel("1.0", comment="other"))
    assert ran.code == 1
    assert "from another wheel" in ran.err


def test_a_refused_release_may_come_again_from_a_mended_wheel(root: InstalledRoot) -> None:
    root.behave(v1_0={"bad": ["engines"]})
    assert root.run("install", root.wheel("1.0")).code == 1
    root.behave()
    assert root.run("install", root.wheel("1.0", comment="mended")).code == 0
    assert root.current == "1.0"


def test_a_state_without_its_key_is_not_given_a_new_one(root: InstalledRoot) -> None:
    state = root.path / "var/lib/edge-gate/state"
    state.mkdir(parents=True)
    (state / "gate.sqlite3").write_text("people")
    ran = root.run("install", root.wheel("1.0"))
    assert ran.code == 1
    assert "and no signing.key" in ran.err


@pytest.mark.parametrize("release", [35, 36])
def test_jetpack_6_and_older_are_refused(root: InstalledRoot, release: int) -> None:
    root.be_jetson(release)
    ran = root.run("install", root.wheel("1.0"))
    assert ran.code == 1
    assert "the gate needs JetPack 7" in ran.err


def test_a_plain_machine_is_installed_on_when_that_is_meant(root: InstalledRoot) -> None:
    root.be_jetson(None)
    ran = root.run("install", root.wheel("1.0"))
    assert ran.code == 1
    assert "--any-linux" in ran.err
    assert root.run("install", root.wheel("1.0"), "--any-linux").code == 0


def old_python(tmp_path: Path) -> Path:
    python = tmp_path / "python3.10"
    python.write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; *-V*) echo Python 3.10.12;; esac\n')
    python.chmod(0o755)
    return python


def test_bad_inputs_end_in_what_to_do(root: InstalledRoot, tmp_path: Path) -> None:
    wheel = root.wheel("1.0")
    damaged = tmp_path / "edge_gate-3.0-py3-none-any.whl"
    damaged.write_bytes(wheel.read_bytes()[:-30])
    other = tmp_path / "numpy-2.0-py3-none-any.whl"
    other.write_bytes(wheel.read_bytes())
    for arguments, said in (
        (("install",), "no wheel is named"),
        (("install", "nowhere.whl"), "nowhere.whl is not there"),
        (("install", other), "is no wheel of the gate"),
        (("install", damaged), "is damaged"),
        (("install", wheel, wheel), "two wheels"),
        (("install", wheel, "--wheelhouse", "/nowhere"), "/nowhere is no folder"),
        (("install", wheel, "--from", "/nowhere"), "/nowhere is not there"),
        (("install", wheel, "--python", "/nowhere"), "/nowhere is not there"),
        (("install", wheel, "--python", old_python(tmp_path)), "Python 3.10.12: the gate needs 3.11"),
        (("install", wheel, "--fast"), "no option --fast"),
        (("install", wheel, "--extras"), "--extras needs a value"),
        (("status",), "nothing is installed"),
        (("update", wheel), "nothing is installed"),
        (("rollback",), "no release to go back to"),
    ):
        ran = root.run(*arguments)
        assert ran.code == 1, (arguments, ran)
        assert said in ran.err, (arguments, ran)
        assert "hint: " in ran.err
        assert root.current == ""
    assert root.run("fly").code == 2
    assert root.run("--help").code == 0


def test_a_full_disk_is_told_before_anything_is_made(root: InstalledRoot) -> None:
    root.stub("df", "#!/bin/sh\necho Filesystem 1024-blocks Used Available\necho /dev/x 100 90 10240\n")
    ran = root.run("install", root.wheel("1.0"))
    assert ran.code == 1
    assert "10 MiB are free" in ran.err
    assert root.releases == set()


@pytest.mark.models
@pytest.mark.xdist_group("models")
@pytest.mark.timeout(900)
def test_the_real_wheel_is_installed_and_proves_its_engines(root: InstalledRoot, tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("needs uv, which make setup brings")
    subprocess.run([uv, "build", "--wheel", "--quiet", "--out-dir", tmp_path / "dist"], cwd=TREE, check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    shared = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    around = {"PIP_NO_DEPS": "1", "PYTHONPATH": shared, "EDGE__ENGINE__MODELS_DIR": str(default_root())}
    ran = root.run("install", wheel, "--any-linux", env=around)
    assert ran.code == 0, ran.err
    assert root.current == wheel.name.split("-")[1]
    assert not root.is_running  # no camera is named yet
    assert "camera: no camera is configured" in ran.out
