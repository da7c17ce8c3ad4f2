"""For consumers: is this event genuine, and may it open anything?

Two questions, asked apart: ``verify_event`` proves who said it and that nothing was changed; ``may_open`` adds that
it is a grant, fresh, and not a repetition.
"""

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from edge.domain.errors import TrustError
from edge.domain.event import EventKind
from edge.domain.reasons import Decision
from edge.messaging.envelope import SIGNATURE_CONTEXT, TYPE_OF_KIND, canonical

MOST_BYTES: Final = 65_536
CLOCK_SKEW: Final = dt.timedelta(seconds=2)
"""How far ahead of the consumer's clock the gate's may be."""

_ATTRIBUTE = re.compile(r"[a-z0-9]+", re.ASCII)
_SEQUENCE = re.compile(r"[0-9]{20}", re.ASCII)
_HINT = "drop the event; if it keeps coming, somebody on the bus forges events or the gate's key was changed"


class Verifier(Protocol):
    """Checks one signature; ``edge.trust.signing.verify`` is one."""

    def __call__(self, body: bytes, signature: bytes, *, public_key: bytes, context: str) -> None:
        """Return if the signature holds, else raise ``TrustError``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event whose signature held.

    Attributes:
        id: unique within ``source``; drop what was seen before.
        source: which gate.
        type: such as ``io.egate.decision.v1``.
        subject: access point.
        occurred_utc: when it happened.
        expires_utc: from when on it must not open anything; None = it never may.
        sequence: position in the gate's chain; a gap means lost events.
        boot_id: which start of the gate.
        replay: the command for which it was told again; None = it is told for the first time. Either way ``id`` is
            the same.
        data: the payload; ignore fields you do not know.
    """

    id: str
    source: str
    type: str
    subject: str
    occurred_utc: dt.datetime
    expires_utc: dt.datetime | None
    sequence: int
    boot_id: str
    data: Mapping[str, object]
    replay: str | None = None

    @property
    def chain_id(self) -> str:
        """The audit chain that ``sequence`` counts in; a gate whose store was made anew has a new one."""
        return self.id.rpartition("-")[0]


def verify_event(payload: bytes, *, keys: Mapping[str, Sequence[bytes]], verify: Verifier) -> Event:
    """Return the event in ``payload`` once its signature holds.

    Args:
        payload: the MQTT payload.
        keys: public keys (32 raw bytes) each source may sign with; several while a key is being replaced.
        verify: checks one signature.

    Raises:
        TrustError: it is no CloudEvent of ours, its source is unknown, or no key of that source signed it.
    """
    event = _parse(payload)
    signature = _signature(event)
    body = _canonical({name: value for name, value in event.items() if name != "signature"})
    for public_key in keys.get(_text(event, "source"), ()):
        try:
            verify(body, signature, public_key=public_key, context=SIGNATURE_CONTEXT)
        except TrustError:
            continue
        return _event(event)
    raise TrustError("no key that is trusted for this source signed the event", hint=_HINT)


def may_open(event: Event, *, access_point: str, now_utc: dt.datetime, after_sequence: int) -> bool:
    """Return whether a verified event may open a door now.

    Args:
        event: from ``verify_event``.
        access_point: the door that would open.
        now_utc: the consumer's clock, timezone-aware.
        after_sequence: the highest sequence of a decision seen from this chain (``event.chain_id``), 0 = none.
    """
    return (
        event.type == TYPE_OF_KIND[EventKind.DECISION]
        and event.data.get("decision") == Decision.GRANTED.value
        and event.subject == access_point
        and event.sequence > after_sequence
        and event.replay is None
        and event.expires_utc is not None
        and event.occurred_utc <= now_utc + CLOCK_SKEW  # added to ours: the year 1 has no two seconds before it
        and now_utc < event.expires_utc
    )


def _parse(payload: bytes) -> dict[str, object]:
    if len(payload) > MOST_BYTES:
        raise TrustError(f"an event of {len(payload)} bytes is too large", hint=_HINT)
    try:
        event = json.loads(payload, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise TrustError("the payload is not a JSON event", hint=_HINT) from error
    if not isinstance(event, dict) or not all(_ATTRIBUTE.fullmatch(name) for name in event):
        raise TrustError("the payload is not a CloudEvent", hint=_HINT)
    if event.get("specversion") != "1.0":
        raise TrustError("the event is not of CloudEvents 1.0", hint=_HINT)
    return event


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise ValueError("a name appears twice")
    return unique


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _canonical(event: dict[str, object]) -> bytes:
    try:
        return canonical(event)
    except (ValueError, RecursionError) as error:
        raise TrustError("the event has no canonical form", hint=_HINT) from error


def _signature(event: Mapping[str, object]) -> bytes:
    try:
        return base64.b64decode(_text(event, "signature"), validate=True)
    except ValueError as error:
        raise TrustError("the event's signature is not base64", hint=_HINT) from error


def _event(event: Mapping[str, object]) -> Event:
    data = event.get("data")
    if not isinstance(data, dict):
        raise TrustError("the event has no data", hint=_HINT)
    sequence = _text(event, "sequence")
    if _SEQUENCE.fullmatch(sequence) is None:
        raise TrustError("the event's sequence is not 20 digits", hint=_HINT)
    return Event(
        id=_text(event, "id"),
        source=_text(event, "source"),
        type=_text(event, "type"),
        subject=_text(event, "subject"),
        occurred_utc=_moment(event, "time"),
        expires_utc=_moment(event, "expirytime") if "expirytime" in event else None,
        sequence=int(sequence),
        boot_id=_text(event, "bootid"),
        replay=_text(event, "replay") if "replay" in event else None,
        data=data,
    )


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise TrustError(f"the event has no {name}", hint=_HINT)
    return value


def _moment(event: Mapping[str, object], name: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(_text(event, name))
    except ValueError as error:
        raise TrustError(f"the event's {name} is no time", hint=_HINT) from error
    if moment.tzinfo is None:
        raise TrustError(f"the event's {name} has no time zone", hint=_HINT)
    return moment
