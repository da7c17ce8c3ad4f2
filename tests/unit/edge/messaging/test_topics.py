import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.errors import ConfigError
from edge.domain.event import EventKind
from edge.messaging.topics import Topics

TOPICS = Topics("site1", "gate-2")


def test_topics_follow_the_scheme() -> None:
    assert TOPICS.availability.topic == "egate/v1/site1/gate-2/state/availability"
    assert TOPICS.birth.topic == "egate/v1/site1/gate-2/state/birth"
    assert TOPICS.health.topic == "egate/v1/site1/gate-2/state/health"
    assert TOPICS.event(EventKind.DECISION).topic == "egate/v1/site1/gate-2/evt/decision"
    assert TOPICS.command("replay").topic == "egate/v1/site1/gate-2/cmd/replay"
    assert TOPICS.response("replay").topic == "egate/v1/site1/gate-2/rsp/replay"
    assert TOPICS.commands == "egate/v1/site1/gate-2/cmd/#"


def test_state_alone_is_retained() -> None:
    retained = (TOPICS.availability, TOPICS.birth, TOPICS.health)
    fleeting = (*map(TOPICS.event, EventKind), TOPICS.command("lock"), TOPICS.response("lock"))
    assert all(channel.is_retained for channel in retained)
    assert not any(channel.is_retained for channel in fleeting)
    assert all(channel.qos == 1 for channel in fleeting)


def test_commands_and_health_expire() -> None:
    assert TOPICS.command("lock").expiry_s == 10
    assert TOPICS.health.expiry_s == 90


@pytest.mark.parametrize("name", ["", "Gate", "gate 1", "a/b", "+", "#", "$sys", "-gate", "gäte", "a" * 64, "gate\n"])
def test_other_names_are_refused(name: str) -> None:
    for make in (lambda: Topics(name, "gate"), lambda: Topics("site", name), lambda: TOPICS.command(name)):
        with pytest.raises(ConfigError) as caught:
            make()
        assert caught.value.hint


def test_a_gate_may_not_be_called_fleet() -> None:
    with pytest.raises(ConfigError):
        Topics("site", "fleet")


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True))
def test_topics_stay_within_the_limits(name: str) -> None:
    if name == "fleet":
        return
    for channel in map(Topics(name, name).event, EventKind):
        assert len(channel.topic.encode()) <= 256
        assert channel.topic.count("/") <= 7
        assert not channel.topic.startswith("/")
