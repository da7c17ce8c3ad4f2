"""Sending commands over a real mosquitto: what a sender learns, what the access list lets pass, the command line."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.commands.app import run_command_line
from edge.domain.clock import SystemClock
from edge.domain.command import CommandOutcome
from edge.domain.errors import BrokerError, TrustError
from edge.domain.posture import Posture
from edge.messaging.commands.payloads import AnyCommand, PostureCommandV1
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.sender import CommandSender
from edge.trust.signing import Signer
from tests.support.bus import Heard, some_options, subscriber
from tests.support.command_gate import CommandGate, command_gate, send
from tests.support.commands import CLAIM, SENDER, STRANGER
from tests.support.fleet_broker import SHIPPED
from tests.support.messages import IDENTITY, SIGNER
from tests.support.mosquitto import Mosquitto, password_file
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

CLOCK = SystemClock()
LOCKDOWN = PostureCommandV1(posture=Posture.LOCKDOWN)


@pytest.fixture
def gate(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[CommandGate]:
    with command_gate(some_options(mosquitto.port), tmp_path) as started:
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "it subscribes")
        yield started


def test_a_sender_learns_why_its_signed_command_was_refused(gate: CommandGate, mosquitto: Mosquitto) -> None:
    class Slow(SystemClock):
        def utc(self) -> dt.datetime:
            return super().utc() - dt.timedelta(seconds=30)

    options = some_options(mosquitto.port, "slow")
    with CommandSender(options, IDENTITY.topics, SENDER, Slow(), gate_key=SIGNER.public_key) as sender:
        response = sender.send(CLAIM).response
    assert (response.outcome, response.detail) == (CommandOutcome.REFUSED, CommandProblem.STALE.value)
    assert gate.claims == []


def test_a_sender_whose_key_is_not_known_gets_no_answer(gate: CommandGate, mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerError, match="does not answer") as fault:
        send(mosquitto.port, CLAIM, STRANGER)
    assert "command_keys" in fault.value.hint


def test_an_answer_that_the_gate_did_not_sign_is_not_believed(gate: CommandGate, mosquitto: Mosquitto) -> None:
    with pytest.raises(TrustError):
        send(mosquitto.port, CLAIM, gate_key=STRANGER.public_key)


def test_without_a_gate_nothing_is_sent(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.messaging.commands.sender.CONNECT_S", 0.5)
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        with pytest.raises(BrokerError, match="birth certificate"):
            send(mosquitto.port, CLAIM)
        assert heard.on("cmd/claim") == []


def test_a_gate_that_went_away_is_said_to_be_away(mosquitto: Mosquitto, tmp_path: Path) -> None:
    options = some_options(mosquitto.port)
    with command_gate(options, tmp_path):
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "it subscribes")
    with pytest.raises(BrokerError, match=r"does not answer|not connected"):
        send(mosquitto.port, CLAIM)


GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "commands.md"


def access_list() -> str:
    """Return the shipped access list with the console of the guide, for the names of this test."""
    (console,) = re.findall(r"```text\n(user .*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    text = (SHIPPED / "acl").read_text("utf-8") + str(console)
    return text.replace("v1/north/", "v1/site1/").replace("lobby", "gate1")


def users(folder: Path, *names: str) -> Path:
    lines = [password_file(folder, name, name).read_text() for name in names]
    path = folder / "users"
    path.write_text("".join(lines), encoding="utf-8")
    path.chmod(0o600)
    for name in names:
        (folder / name).write_text(name, encoding="utf-8")
        (folder / name).chmod(0o600)
    return path


@pytest.mark.parametrize(("user", "may", "may_not"), [("reader", CLAIM, LOCKDOWN), ("console", LOCKDOWN, CLAIM)])
def test_the_access_list_lets_a_sender_do_its_own_and_nothing_else(
    tmp_path: Path, user: str, may: AnyCommand, may_not: AnyCommand
) -> None:
    access, name = tmp_path / "acl", f"gate1-{user}"
    access.write_text(access_list(), encoding="utf-8")
    logins = users(tmp_path, "gate1", name)
    with Mosquitto(tmp_path, f"acl_file {access}", f"password_file {logins}", is_anonymous=False) as broker:
        gate_options = some_options(broker.port, user=("gate1", tmp_path / "gate1"))
        options = some_options(broker.port, name, user=(name, tmp_path / name))
        with command_gate(gate_options, tmp_path) as gate:
            wait_for(lambda: "SUBSCRIBE from gate1" in broker.log, "it subscribes")
            with CommandSender(options, IDENTITY.topics, SENDER, CLOCK, gate_key=SIGNER.public_key) as sender:
                assert sender.send(may).response.outcome is CommandOutcome.DONE
                with pytest.raises(BrokerError, match="does not take"):
                    sender.send(may_not)
            assert len(gate.orders) + len(gate.claims) == 1


class Line:
    """The command line against a broker."""

    def __init__(self, folder: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EDGE__BROKER__PORT", str(port))
        self.key = folder / "sender.key"
        self.key.write_bytes(b"a badge reader's key of 32 bytes")
        self.key.chmod(0o600)

    def send(self, *arguments: str) -> int:
        names = ("--site", "site1", "--gate", "gate1", "--key", str(self.key))
        return run_command_line(["command", "send", *arguments, *names, "--json"])


@pytest.fixture
def line(tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(tmp_path, mosquitto.port, monkeypatch)


def test_the_command_line_sends_and_says_what_the_gate_said(
    gate: CommandGate, line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = [f"--set={name}={value}" for name, value in CLAIM.model_dump(mode="json").items()]
    assert line.send("claim", *claim, "--gate-key", SIGNER.public_key.hex()) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["command"], said["outcome"], said["is_checked"]) == ("claim", "done", True)
    assert said["id"] == gate.claims[0].claim_id
    assert line.send("unlock", "--set", "scope=gate") == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["outcome"], said["detail"], said["is_checked"]) == ("declined", "there is no such hold", False)


def heard_of(heard: Heard) -> list[str]:
    return [m.topic for m in heard.on("cmd/claim", "cmd/unlock", "cmd/posture")]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("open",), 2),
        (("claim",), 2),
        (("posture", "--set", "posture=open"), 2),
        (("posture", "--set", "posture"), 2),
        (("posture", "--set", "posture=normal", "--set", "posture=lockdown"), 2),
        (("posture", "--set", "posture=normal", "--gate-key", "zz"), 2),
        (("unlock", "--set", "scope=gate", "--set", "target=p-1"), 2),
        (("posture", "--set", "posture=normal", "--wait-s", "0"), 2),
    ],
)
def test_the_command_line_refuses_before_anything_is_sent(
    line: Line, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int
) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        assert line.send(*arguments) == code
        assert heard_of(heard) == []
    assert "Traceback" not in capsys.readouterr().err


def test_a_key_that_others_may_read_sends_nothing(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    line.key.chmod(0o644)
    assert line.send("posture", "--set", "posture=normal") == 4
    line.key.unlink()
    assert line.send("posture", "--set", "posture=normal") == 4
    assert "Traceback" not in capsys.readouterr().err


def test_a_key_is_made_once_and_its_public_key_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new.key"
    assert run_command_line(["command", "make-key", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    signer = Signer(file.read_bytes())
    assert (said["key_id"], said["public_key"]) == (signer.key_id, signer.public_key.hex())
    assert file.stat().st_mode & 0o777 == 0o600
    assert run_command_line(["command", "make-key", str(file)]) == 2
