from pathlib import Path

import pytest

from edge.domain.errors import BrokerError
from edge.messaging.options import BrokerOptions


def options(password_file: Path | None) -> BrokerOptions:
    return BrokerOptions(host="127.0.0.1", client_id="gate1", username="gate1", password_file=password_file)


def test_no_file_is_no_password() -> None:
    assert options(None).password() is None


def test_the_line_end_is_not_part_of_the_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b" s3cret \r\n")
    file.chmod(0o600)
    assert options(file).password() == " s3cret "


def test_a_password_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"secret")
    file.chmod(0o640)
    with pytest.raises(BrokerError, match="0640") as caught:
        options(file).password()
    assert "chmod 600" in caught.value.hint
    assert "secret\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_an_unusable_file_is_a_fault_with_a_hint(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    with pytest.raises(BrokerError) as caught:
        options(file).password()
    assert "password" in caught.value.hint
    assert caught.value.exit_code == 5
