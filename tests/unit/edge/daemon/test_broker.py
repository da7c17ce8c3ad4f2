"""Settings of the broker: a certificate names the client, and bare names are the service's credentials."""

from pathlib import Path
from typing import Any

import pytest

from edge.daemon.broker import broker_options
from edge.domain.errors import BrokerError, ConfigError
from edge.settings.tree import Settings
from tests.support.certificates import TestAuthority


def settings(**broker: Any) -> Settings:
    return Settings.model_validate(
        {"environment": "development", "gate": {"site": "north", "gate": "lobby"}, "broker": broker}
    )


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str]:
    authority = TestAuthority(tmp_path, "ca")
    pair = authority.issue("lobby")
    return {"ca_file": str(authority.ca_file), "cert_file": str(pair.cert_file), "key_file": str(pair.key_file)}


def test_without_a_certificate_the_client_is_called_as_its_place() -> None:
    assert broker_options(settings()).client_id == "north-lobby"
    assert broker_options(settings(client_id="mine")).client_id == "mine"


def test_a_certificate_names_the_client(tls: dict[str, str]) -> None:
    assert broker_options(settings(**tls)).client_id == "lobby"
    assert broker_options(settings(**tls, client_id="lobby")).client_id == "lobby"
    with pytest.raises(ConfigError, match="'lobby'") as caught:
        broker_options(settings(**tls, client_id="another"))
    assert "remove broker.client_id" in caught.value.hint


def test_what_is_no_certificate_is_a_fault(tls: dict[str, str]) -> None:
    with pytest.raises(BrokerError, match="no certificate"):
        broker_options(settings(**{**tls, "cert_file": tls["key_file"]}))


def test_bare_names_are_credentials(tls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    names = {name: Path(file).name for name, file in tls.items()}
    options = broker_options(settings(**names))
    assert options.tls is not None
    assert (str(options.tls.ca_file), str(options.tls.key_file)) == (tls["ca_file"], tls["key_file"])


@pytest.mark.parametrize("name", ["ca_file", "cert_file", "key_file", "password_file"])
def test_a_file_that_is_not_there_is_told(tls: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigError, match=r"missing\.pem is not there"):
        broker_options(settings(**{**tls, name: "missing.pem"}))
