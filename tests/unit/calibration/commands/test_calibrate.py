"""``edge-gate calibrate``: what is shown, what is refused, and who can sign."""

import datetime as dt
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from calibration.commands import profile_sheet
from edge.commands.app import run_command_line
from edge.daemon.assembly import CatalogModels
from edge.daemon.models import serving_bindings
from edge.domain.embedding import Binding
from edge.trust.profile_document import PROFILE_FILE
from edge.trust.profile_writing import ARRAYS_FILE, sign_profile
from edge.trust.signing import Signer
from tests.support.profile_files import put
from tests.support.site_profile import CREATED, site_profile

OURS = Signer(bytes(range(32)))


class Calibrate:
    """Runs ``edge-gate calibrate``."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Return what it printed; it exits with ``code``."""
        found = run_command_line(["calibrate", *map(str, arguments)])
        said = self._capsys.readouterr()
        self.err = said.err
        assert found == code, (said.out, said.err)
        assert "Traceback" not in said.out + said.err
        assert code == 0 or ("error: " in said.err and "hint: " in said.err)
        return said.out

    def shown(self, folder: Path, code: int = 0) -> dict[str, Any]:
        """Return a profile's record."""
        found: dict[str, Any] = json.loads(self("show", folder, "--json", code=code))
        return found


@pytest.fixture
def calibrate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Calibrate:
    monkeypatch.delenv("EDGE__ENVIRONMENT", raising=False)
    monkeypatch.setenv("EDGE__TRUST__PROFILE_KEYS", OURS.public_key.hex())
    return Calibrate(capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return site_profile(tmp_path / "profile")


def test_a_site_makes_a_key_signs_and_is_believed(
    calibrate: Calibrate, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "site.key"
    made = json.loads(calibrate("new-key", key, "--json"))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes().hex() not in json.dumps(made)
    before = calibrate.shown(folder)
    assert before["signed_by"].startswith("nobody")
    signed = json.loads(calibrate("sign", folder, "--key", key, "--json"))
    assert signed["digest"] == before["digest"]
    assert (signed["key_id"], signed["public_key"]) == (made["key_id"], made["public_key"])
    assert "not trusted" in calibrate.shown(folder, code=4)["problem"]
    monkeypatch.setenv("EDGE__TRUST__PROFILE_KEYS", made["public_key"])
    after = calibrate.shown(folder)
    assert after["problem"] is None
    assert "trust.profile_keys" in after["signed_by"]


def test_people_see_every_threshold_with_its_figures(calibrate: Calibrate, folder: Path) -> None:
    text = calibrate("show", folder)
    (match,) = [line for line in text.splitlines() if line.startswith("match ")]
    assert match.split() == ["match", "0.5", "-", "1e-05", "[0,", "4e-05]", "0.01", "123456", "789"]
    for name in ("detector", "match.floor.sface-2021dec", "randomize.spread.facenet-20180408", "duplicate"):
        assert f"\n{name} " in text
    assert "signed by    nobody" in text
    assert "at most 10 people, FPIR 0.001" in text
    assert "pictures of our door" in text


def test_the_profile_that_ships_is_whole_and_of_the_development_key(
    calibrate: Calibrate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE__ENVIRONMENT", "development")
    text = calibrate("show")
    assert "the development key, which everybody has" in text


def test_the_development_key_signs_on_request(calibrate: Calibrate, folder: Path) -> None:
    calibrate("sign", folder, "--development")
    assert "development alone" in calibrate.shown(folder)["signed_by"]


@pytest.mark.parametrize("name", [PROFILE_FILE, ARRAYS_FILE])
def test_what_was_altered_is_not_shown(calibrate: Calibrate, folder: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content.replace(b"threshold = 0.8", b"threshold = 0.1") if name == PROFILE_FILE else content[1:])
    assert calibrate("show", folder, code=4) == ""
    assert calibrate("sign", folder, "--development", code=4) == ""


def test_what_was_altered_and_pinned_anew_is_told_by_its_signature(calibrate: Calibrate, folder: Path) -> None:
    sign_profile(folder, OURS)
    put(folder, "match/threshold", 0.31)
    assert "does not hold" in calibrate.shown(folder, code=4)["problem"]


def test_other_models_are_told(calibrate: Calibrate, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_profile(folder, OURS)
    found = {id_: Binding(id_, "0" * 64, b.recipe_digest, b.precision_class) for id_, b in serving_bindings().items()}
    monkeypatch.setattr(profile_sheet, "CatalogModels", lambda _: CatalogModels(found))
    assert "other models" in calibrate.shown(folder, code=4)["problem"]


def test_an_expired_one_is_told(calibrate: Calibrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    folder = site_profile(tmp_path / "profile", created=CREATED.replace(year=2020), expires=yesterday)
    sign_profile(folder, OURS)
    assert "expired" in calibrate.shown(folder, code=4)["problem"]
    assert "expired at" in calibrate("show", folder, code=4)
    monkeypatch.setenv("EDGE__ENVIRONMENT", "development")
    assert "expired at" in calibrate("show", folder)


def test_a_signed_copy_goes_where_it_is_asked_to(calibrate: Calibrate, folder: Path, tmp_path: Path) -> None:
    calibrate("sign", folder, "--development", "--out", tmp_path / "copy")
    assert calibrate.shown(folder)["signed_by"].startswith("nobody")
    assert calibrate.shown(tmp_path / "copy")["signed_by"].startswith("the development key")


@pytest.mark.parametrize("keys", [(), ("--development", "--key", "x")])
def test_one_key_signs(calibrate: Calibrate, folder: Path, keys: tuple[str, ...]) -> None:
    calibrate("sign", folder, *keys, code=2)


def test_keys_that_are_none_sign_nothing(calibrate: Calibrate, folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "site.key"
    calibrate("sign", folder, "--key", key, code=4)
    key.write_bytes(bytes(31))
    key.chmod(0o600)
    calibrate("sign", folder, "--key", key, code=4)
    key.write_bytes(bytes(32))
    key.chmod(0o644)
    calibrate("sign", folder, "--key", key, code=4)
    calibrate("new-key", key, code=2)
    calibrate("new-key", tmp_path / "nowhere" / "site.key", code=5)
    assert calibrate.shown(folder)["signed_by"].startswith("nobody")


def test_a_folder_without_a_profile(calibrate: Calibrate, tmp_path: Path) -> None:
    calibrate("show", tmp_path, code=3)
    calibrate("sign", tmp_path, "--development", code=3)
