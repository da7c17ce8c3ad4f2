import stat
from pathlib import Path

import pytest

from edge.domain.errors import StoreError, TrustError, UsageError
from edge.trust.gallery_key_change import NEXT_KEY_FILE, enforce_key, next_key, prepare_key
from edge.trust.keys import GALLERY_KEY_FILE, KeyRing


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def test_a_new_key_takes_the_old_ones_place_and_the_old_one_is_overwritten(tmp_path: Path) -> None:
    old = KeyRing.open(tmp_path, is_new=True).gallery_key
    with (tmp_path / GALLERY_KEY_FILE).open("rb") as still_open:
        new = prepare_key(tmp_path, None)
        assert next_key(tmp_path) == new
        assert KeyRing.open(tmp_path).gallery_key == old
        enforce_key(tmp_path)
        assert still_open.read() != old
    assert KeyRing.open(tmp_path).gallery_key == new != old
    assert stat.S_IMODE((tmp_path / GALLERY_KEY_FILE).stat().st_mode) == 0o600
    assert next_key(tmp_path) is None


def test_a_key_left_behind_is_not_used_again(tmp_path: Path) -> None:
    KeyRing.open(tmp_path, is_new=True)
    assert prepare_key(tmp_path, None) != prepare_key(tmp_path, None)


def test_a_next_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    KeyRing.open(tmp_path, is_new=True)
    prepare_key(tmp_path, None)
    (tmp_path / NEXT_KEY_FILE).chmod(0o644)
    with pytest.raises(TrustError, match="mode"):
        next_key(tmp_path)


def test_a_credential_is_not_replaced_by_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KeyRing.open(tmp_path / "credentials", is_new=True)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    with pytest.raises(UsageError, match="credential") as caught:
        prepare_key(tmp_path, None)
    assert "--to" in caught.value.hint
    assert prepare_key(tmp_path, tmp_path / "new.key") == (tmp_path / "new.key").read_bytes()
    with pytest.raises(UsageError, match="already"):
        prepare_key(tmp_path, tmp_path / "new.key")


def test_a_key_that_goes_elsewhere_leaves_none_behind(tmp_path: Path) -> None:
    KeyRing.open(tmp_path, is_new=True)
    prepare_key(tmp_path, tmp_path / "new.key")
    enforce_key(tmp_path, elsewhere=True)
    assert not (tmp_path / GALLERY_KEY_FILE).exists()


def test_a_folder_that_cannot_be_written_is_a_store_fault(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        prepare_key(tmp_path / "nowhere", None)
    with pytest.raises(StoreError):
        enforce_key(tmp_path)
