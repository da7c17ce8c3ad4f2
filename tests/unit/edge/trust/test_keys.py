import os
import secrets
import stat
from pathlib import Path

import pytest

from edge.domain.errors import StoreError, TrustError, UsageError
from edge.trust.keys import GALLERY_KEY_FILE, SIGNING_KEY_FILE, KeyRing, make_key, read_key


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def _provision(folder: Path, mode: int = 0o600) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in (SIGNING_KEY_FILE, GALLERY_KEY_FILE):
        (folder / name).write_bytes(secrets.token_bytes(32))
        (folder / name).chmod(mode)


def test_a_new_state_gets_its_keys_once(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "keys"
    first = KeyRing.open(folder, is_new=True)
    again = KeyRing.open(folder, is_new=True)
    assert again.gallery_key == first.gallery_key
    assert again.signer.key_id == first.signer.key_id
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [GALLERY_KEY_FILE, SIGNING_KEY_FILE]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_repr_shows_no_key(tmp_path: Path) -> None:
    keys = KeyRing.open(tmp_path, is_new=True)
    assert repr(keys) == f"KeyRing(signer=Signer({keys.signer.key_id}))"


def test_keys_are_never_made_beside_a_state_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="missing") as caught:
        KeyRing.open(tmp_path)
    assert "0600" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_provisioned_keys_are_taken(tmp_path: Path) -> None:
    _provision(tmp_path)
    assert KeyRing.open(tmp_path).gallery_key == (tmp_path / GALLERY_KEY_FILE).read_bytes()


def test_systemd_credentials_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _provision(tmp_path / "credentials", mode=0o440)
    _provision(tmp_path / "keys")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    keys = KeyRing.open(tmp_path / "keys")
    assert keys.gallery_key == (tmp_path / "credentials" / GALLERY_KEY_FILE).read_bytes()


def test_a_credential_that_is_not_there_comes_from_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _provision(tmp_path)
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert KeyRing.open(tmp_path).gallery_key == (tmp_path / GALLERY_KEY_FILE).read_bytes()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    _provision(tmp_path, mode=mode)
    with pytest.raises(TrustError, match="mode") as caught:
        KeyRing.open(tmp_path, is_new=True)
    assert "600" in caught.value.hint


def test_a_key_of_a_persons_own_is_made_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    content = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == content
    with pytest.raises(UsageError, match="already"):
        make_key(path)
    assert read_key(path) == content
    with pytest.raises(StoreError):
        make_key(tmp_path / "nowhere" / "site.key")


@pytest.mark.parametrize(("mode", "size"), [(0o640, 32), (0o604, 32), (0o600, 31), (0o600, 64)])
def test_a_persons_key_must_be_theirs_alone_and_whole(tmp_path: Path, mode: int, size: int) -> None:
    path = tmp_path / "site.key"
    path.write_bytes(bytes(size))
    path.chmod(mode)
    with pytest.raises(TrustError) as caught:
        read_key(path)
    assert caught.value.hint
    with pytest.raises(TrustError, match="cannot be read"):
        read_key(tmp_path / "gone.key")


@pytest.mark.parametrize("size", [0, 31, 33, 4096])
def test_a_key_of_the_wrong_size_is_refused(tmp_path: Path, size: int) -> None:
    _provision(tmp_path)
    (tmp_path / GALLERY_KEY_FILE).write_bytes(bytes(size))
    with pytest.raises(TrustError, match="32 bytes"):
        KeyRing.open(tmp_path, is_new=True)


def test_a_folder_in_place_of_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / SIGNING_KEY_FILE).mkdir()
    with pytest.raises(TrustError, match="cannot be read"):
        KeyRing.open(tmp_path, is_new=True)


@pytest.mark.parametrize("below", ["a-file/keys", "/proc/keys"])
def test_a_folder_that_cannot_be_made_is_a_store_fault(tmp_path: Path, below: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(StoreError) as caught:
        KeyRing.open(tmp_path / below, is_new=True)
    assert caught.value.hint


def test_a_folder_that_others_may_write_to_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o777)
    KeyRing.open(tmp_path / "keys", is_new=True)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_shared_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    with pytest.raises(StoreError, match="others may write"):
        KeyRing.open(tmp_path / "shared", is_new=True)


def test_a_key_that_is_a_link_is_refused(tmp_path: Path) -> None:
    _provision(tmp_path)
    real = (tmp_path / GALLERY_KEY_FILE).rename(tmp_path / "elsewhere")
    (tmp_path / GALLERY_KEY_FILE).symlink_to(real)
    with pytest.raises(TrustError, match="cannot be read") as caught:
        KeyRing.open(tmp_path)
    assert "link" in caught.value.hint
    with pytest.raises(TrustError, match="cannot be read"):
        read_key(tmp_path / GALLERY_KEY_FILE)


def test_a_link_that_leads_nowhere_is_not_taken_for_a_missing_key(tmp_path: Path) -> None:
    _provision(tmp_path)
    (tmp_path / GALLERY_KEY_FILE).unlink()
    (tmp_path / GALLERY_KEY_FILE).symlink_to(tmp_path / "nowhere")
    with pytest.raises(TrustError):
        KeyRing.open(tmp_path, is_new=True)
    assert not (tmp_path / "nowhere").exists()


def test_a_pipe_in_place_of_a_key_holds_nobody_up(tmp_path: Path) -> None:
    _provision(tmp_path)
    (tmp_path / GALLERY_KEY_FILE).unlink()
    os.mkfifo(tmp_path / GALLERY_KEY_FILE, 0o600)
    with pytest.raises(TrustError):
        KeyRing.open(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    _provision(tmp_path)
    os.chown(tmp_path / SIGNING_KEY_FILE, 12_345, 12_345)
    with pytest.raises(TrustError, match="another user") as caught:
        KeyRing.open(tmp_path)
    assert "chown" in caught.value.hint
    os.chown(tmp_path, 12_345, 12_345)  # root, looking into the folder of the gate's user
    assert KeyRing.open(tmp_path).signer.key_id


@pytest.mark.parametrize("mode", [0o444, 0o644, 0o460])
def test_a_credential_that_others_may_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    _provision(tmp_path / "credentials", mode=mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    with pytest.raises(TrustError, match="mode"):
        KeyRing.open(tmp_path / "keys", is_new=True)
