"""Why a command is refused, and which anomaly that is. Each has words of its own, so that operators can tell them."""

from collections.abc import Mapping
from enum import StrEnum

from edge.domain.anomaly import Anomaly


class CommandProblem(StrEnum):
    """One check that does not hold. Values are the words that anomalies and answers say it with."""

    RETAINED = "it was published to be kept, and is still on the broker"
    TOO_LARGE = "it is larger than any command"
    NOT_JSON = "it is not one JSON object with every name once"
    TOO_DEEP = "it is nested deeper than any command"
    MALFORMED = "it is no command as the schema has it"
    UNKNOWN_COMMAND = "there is no such command"
    UNSIGNED = "it is not signed"
    UNKNOWN_KEY = "it names a key that is not in the settings"
    NOT_ALLOWED = "the key that it names may not send this command"
    FORGED = "its signature does not hold"
    OTHER_TOPIC = "it was signed for another topic than it came by"
    OTHER_GATE = "it is for another gate"
    OTHER_DOOR = "it is for another access point"
    OTHER_REPLY = "it asks for its answer at a topic that is not this command's"
    OTHER_BOOT = "it was made for an earlier start of this gate"
    TOO_LONG_LIVED = "it lives longer than a command may"
    STALE = "its time is over"
    FUTURE = "it was made in the future"
    CLOCK_UNSET = "the gate's clock is not set"
    CLOCK_WENT_BACK = "the gate's clock was set back"
    DUPLICATE = "it came before"
    REPLAYED = "its sequence number is not new"
    TOO_MANY_AT_ONCE = "too many commands are waiting"
    LATE = "the gate could not come to it in time"


ANOMALY_OF: Mapping[CommandProblem, Anomaly] = {
    CommandProblem.RETAINED: Anomaly.RETAINED_COMMAND,
    CommandProblem.TOO_LARGE: Anomaly.MALFORMED_COMMAND,
    CommandProblem.NOT_JSON: Anomaly.MALFORMED_COMMAND,
    CommandProblem.TOO_DEEP: Anomaly.MALFORMED_COMMAND,
    CommandProblem.MALFORMED: Anomaly.MALFORMED_COMMAND,
    CommandProblem.UNKNOWN_COMMAND: Anomaly.MALFORMED_COMMAND,
    CommandProblem.UNSIGNED: Anomaly.FORGED_COMMAND,
    CommandProblem.UNKNOWN_KEY: Anomaly.FORGED_COMMAND,
    CommandProblem.FORGED: Anomaly.FORGED_COMMAND,
    CommandProblem.NOT_ALLOWED: Anomaly.FORBIDDEN_COMMAND,
    CommandProblem.OTHER_TOPIC: Anomaly.MISDIRECTED_COMMAND,
    CommandProblem.OTHER_GATE: Anomaly.MISDIRECTED_COMMAND,
    CommandProblem.OTHER_DOOR: Anomaly.MISDIRECTED_COMMAND,
    CommandProblem.OTHER_REPLY: Anomaly.MISDIRECTED_COMMAND,
    CommandProblem.OTHER_BOOT: Anomaly.REPLAYED_COMMAND,
    CommandProblem.DUPLICATE: Anomaly.REPLAYED_COMMAND,
    CommandProblem.REPLAYED: Anomaly.REPLAYED_COMMAND,
    CommandProblem.TOO_LONG_LIVED: Anomaly.STALE_COMMAND,
    CommandProblem.STALE: Anomaly.STALE_COMMAND,
    CommandProblem.FUTURE: Anomaly.STALE_COMMAND,
    CommandProblem.CLOCK_UNSET: Anomaly.STALE_COMMAND,
    CommandProblem.CLOCK_WENT_BACK: Anomaly.STALE_COMMAND,
    CommandProblem.LATE: Anomaly.STALE_COMMAND,
    CommandProblem.TOO_MANY_AT_ONCE: Anomaly.COMMAND_FLOOD,
}
