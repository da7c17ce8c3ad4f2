"""Settings: precedence, closed vocabularies and contradictions."""

import json
from pathlib import Path

import pytest

from edge.domain.command import CommandName
from edge.domain.errors import ConfigError
from edge.settings.load import load_settings
from edge.settings.sections import Environment
from edge.trust.development_key import DEVELOPMENT_PUBLIC_KEY


def write(folder: Path, text: str) -> Path:
    file = folder / "edge-gate.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_are_production_and_open_nothing() -> None:
    settings = load_settings(environ={})
    assert settings.environment is Environment.PRODUCTION
    assert settings.door.kind == "none"


def test_environment_outranks_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[gate]\nsite = "north"\ngate = "g1"\n')
    settings = load_settings(file, environ={"EDGE__GATE__GATE": "g2", "PATH": "/bin"})
    assert (settings.gate.site, settings.gate.gate) == ("north", "g2")


def test_short_forms(tmp_path: Path) -> None:
    file = write(tmp_path, '[gate]\nsite = "north"\n')
    settings = load_settings(environ={"EDGE__CONFIG": str(file), "EDGE__STATE": str(tmp_path / "s")})
    assert settings.gate.site == "north"
    assert settings.state_dir == tmp_path / "s"


def test_state_argument_outranks_all(tmp_path: Path) -> None:
    settings = load_settings(environ={"EDGE__STATE": "/elsewhere"}, state_dir=tmp_path)
    assert settings.state_dir == tmp_path


@pytest.mark.parametrize(
    "variable", ["EDGE__GATE__SIET", "EDGE__NOTHING", "EDGE__POLICY__FRAMES_NEEDED__X", "EDGE__GATE", "EDGE__"]
)
def test_a_variable_that_names_no_setting_is_an_error(variable: str) -> None:
    with pytest.raises(ConfigError):
        load_settings(environ={variable: "1"})


@pytest.mark.parametrize(
    "text",
    [
        "[gate]\nsiet = 'x'\n",
        "[gaet]\nsite = 'x'\n",
        "[gate]\nsite = 'Not A Topic'\n",
        "[policy]\nframes_needed = 0\n",
        "[policy]\nframes_needed = 3\nframes_window = 2\n",
        "[broker]\nusername = 'x'\n",
        "[broker]\ncert_file = '/x'\n",
        "[broker]\nhost = 'broker.example'\n",
        "[broker]\nhost = 'broker.example'\nunsafe_plaintext = true\n",
        "[metrics]\nunsafe_host = '0.0.0.0'\n",
        "environment = 'staging'\n",
        "not toml",
        "[policy]\nmatch_threshold = 0.1\n",
        "a = " + "[" * 3_000,
        "state = 'x'\n",
        '[state]\ndir = "a\\u0000b"\n',
    ],
)
def test_what_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text), environ={})
    assert caught.value.hint
    assert caught.value.exit_code == 3


def test_keys_of_a_profile_come_from_the_file_or_from_a_variable(tmp_path: Path) -> None:
    one, other = "d7" * 32, "5a" * 32
    file = write(tmp_path, f'[trust]\nprofile_keys = ["{one}"]\n')
    assert load_settings(file, environ={}).trust.public_keys == (bytes.fromhex(one),)
    environ = {"EDGE__TRUST__PROFILE_KEYS": f"{one}, {other}"}
    assert load_settings(file, environ=environ).trust.profile_keys == (one, other)
    assert load_settings(environ={}).trust.profile_keys == ()


@pytest.mark.parametrize("key", ["", "d7", "D7" * 32, "d7" * 33, "zz" * 32, "00" * 32, "01" + "00" * 31])
def test_what_is_no_key_of_anybody_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="profile_keys"):
        load_settings(write(tmp_path, f'[trust]\nprofile_keys = ["{key}"]\n'), environ={})


KEY = "d7" * 32
COMMAND_KEY = f'[[trust.command_keys]]\npublic_key = "{KEY}"\nname = "reader"\ncommands = ["claim"]\n'


def test_keys_of_commands_come_from_the_file_or_from_a_variable(tmp_path: Path) -> None:
    (key,) = load_settings(write(tmp_path, COMMAND_KEY), environ={}).trust.command_keys
    assert (key.public_key, key.name, key.commands) == (KEY, "reader", frozenset({CommandName.CLAIM}))
    text = json.dumps([{"public_key": "5a" * 32, "name": "console", "commands": ["posture", "unlock"]}])
    environ = {"EDGE__TRUST__COMMAND_KEYS": text}
    (key,) = load_settings(write(tmp_path, COMMAND_KEY), environ=environ).trust.command_keys
    assert (key.name, key.commands) == ("console", frozenset({CommandName.POSTURE, CommandName.UNLOCK}))
    assert load_settings(environ={}).trust.command_keys == ()


@pytest.mark.parametrize(
    "text",
    [
        COMMAND_KEY.replace(KEY, "00" * 32),
        COMMAND_KEY.replace(KEY, "D7" * 32),
        COMMAND_KEY.replace("claim", "open"),
        COMMAND_KEY.replace('["claim"]', "[]"),
        COMMAND_KEY.replace('name = "reader"\n', ""),
        COMMAND_KEY + "may = 'all'\n",
        COMMAND_KEY * 2,
        COMMAND_KEY + COMMAND_KEY.replace(KEY, "5a" * 32),
        COMMAND_KEY.replace(KEY, DEVELOPMENT_PUBLIC_KEY.hex()),
        "[trust]\ncommand_keys = 'reader'\n",
        "[trust]\nclaim_valid_ms = 60000\n",
    ],
)
def test_what_may_not_command_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text), environ={})
    assert caught.value.exit_code == 3


def test_the_key_that_everybody_has_may_command_in_development(tmp_path: Path) -> None:
    text = 'environment = "development"\n' + COMMAND_KEY.replace(KEY, DEVELOPMENT_PUBLIC_KEY.hex())
    assert load_settings(write(tmp_path, text), environ={}).trust.command_keys


def test_metrics_abroad_only_in_development(tmp_path: Path) -> None:
    text = "environment = 'development'\n[metrics]\nport = 9464\nunsafe_host = '192.0.2.1'\n"
    assert load_settings(write(tmp_path, text), environ={}).metrics.unsafe_host == "192.0.2.1"


def test_plaintext_abroad_only_in_development(tmp_path: Path) -> None:
    text = "environment = 'development'\n[broker]\nhost = 'broker.example'\nunsafe_plaintext = true\n"
    assert load_settings(write(tmp_path, text), environ={}).broker.unsafe_plaintext


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_settings(tmp_path / "gone.toml", environ={})


def test_binary_rubbish(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError):
        load_settings(file, environ={})


def test_a_value_where_a_section_belongs_is_not_overwritten_in_silence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="section"):
        load_settings(write(tmp_path, "camera = 1\n"), environ={"EDGE__CAMERA__SOURCE": "x"})
    with pytest.raises(ConfigError, match="section"):
        load_settings(write(tmp_path, "state = 'x'\n"), environ={}, state_dir=tmp_path)


@pytest.mark.parametrize("text", ["[gate]\nsite = " + "1" * 5_000, "a = " + "[" * 5_000, "\x00"])
def test_a_file_that_no_parser_can_finish_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        load_settings(write(tmp_path, text), environ={})


@pytest.mark.parametrize("value", ["[" * 5_000, "1" * 5_000, '"\x00'])
def test_a_variable_that_no_parser_can_finish_is_refused(value: str) -> None:
    with pytest.raises(ConfigError):
        load_settings(environ={"EDGE__CAMERA__PIN": value})
