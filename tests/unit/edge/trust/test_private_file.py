from pathlib import Path

import pytest

from edge.trust.private_file import exposure, named_file


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_bytes(b"x")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_the_owner_alone_is_fine(secret: Path, mode: int) -> None:
    secret.chmod(mode)
    assert exposure(secret) is None


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o604, 0o620, 0o660, 0o610])
def test_anybody_else_is_told_with_the_mode(secret: Path, mode: int) -> None:
    secret.chmod(mode)
    assert f"{mode:04o}" in str(exposure(secret))


def test_a_credential_may_show_group_read_and_nothing_more(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    secret.chmod(0o440)
    assert exposure(secret) is None
    secret.chmod(0o460)
    assert exposure(secret)
    secret.chmod(0o444)
    assert exposure(secret)


def test_what_is_no_file_is_no_secret(tmp_path: Path) -> None:
    assert "no file" in str(exposure(tmp_path))
    with pytest.raises(FileNotFoundError):
        exposure(tmp_path / "missing")


def test_a_bare_name_is_a_credential_where_there_is_one(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert named_file(Path("secret")) == Path("secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    assert named_file(Path("secret")) == secret
    assert named_file(Path("other")) == Path("other")
    assert named_file(Path("../secret")) == Path("../secret")
    assert named_file(Path("/etc/secret")) == Path("/etc/secret")
