"""Limits as JSON, to be kept over a restart, and back. Whatever does not fit is refused, never mended.

Claims are not in it: one that was made before a restart does not count after it. The posture is kept by itself.
"""

import json
from collections.abc import Mapping
from typing import Any

from edge.domain.match import SubjectRef
from edge.policy.limits import MOST_KEYS, Allowance, Allowances, Limits

_NUMBERS = ("full_ns", "escalated_until_ns", "held_until_ns")
_LONGEST_KEY = 200
_MOST_NS = 2**62


def record_of(limits: Limits, now_ns: int) -> str:
    """Return the record of limits, without what is over at a monotonic time."""
    values = {
        "gate": _written(limits.gate),
        "identities": {k: _written(a) for k, a in sorted(limits.identities.items()) if not a.is_idle(now_ns)},
        "clusters": {k: _written(a) for k, a in sorted(limits.clusters.items()) if not a.is_idle(now_ns)},
    }
    return json.dumps(values if any((values["identities"], values["clusters"], limits.gate != Allowance())) else {})


def limits_from(record: str) -> Limits:
    """Return the limits of a record; of an empty one, those of a gate at which nobody failed yet.

    Raises:
        ValueError: it is no record of limits.
    """
    try:
        values = json.loads(record)
    except RecursionError as error:
        raise ValueError("the record of limits is nested too deeply") from error
    if values == {}:
        return Limits()
    if not isinstance(values, dict) or set(values) != {"gate", "identities", "clusters"}:
        raise ValueError("the record of limits has other parts than it should")
    identities = _read_all(values["identities"])
    return Limits(
        gate=_read(values["gate"]),
        identities={SubjectRef(key): allowance for key, allowance in identities.items()},
        clusters=_read_all(values["clusters"]),
    )


def _written(allowance: Allowance) -> dict[str, int]:
    return {name: getattr(allowance, name) for name in _NUMBERS}


def _read_all(values: Any) -> Allowances:
    if not isinstance(values, Mapping) or len(values) > MOST_KEYS:
        raise ValueError("the record of limits does not list what it should")
    if any(len(key) > _LONGEST_KEY for key in values):
        raise ValueError("a key of the limits is too long")
    return {key: _read(value) for key, value in values.items()}


def _read(value: Any) -> Allowance:
    if not isinstance(value, Mapping) or set(value) != set(_NUMBERS):
        raise ValueError("an allowance of the limits has other parts than it should")
    if not all(type(number) is int and 0 <= number <= _MOST_NS for number in value.values()):
        raise ValueError("a time of the limits is no time")
    return Allowance(**value)
