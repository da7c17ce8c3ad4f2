"""When an outcome may leave the gate, so that its time tells nothing of what was found.

A stranger costs one cheap pass a frame, a candidate who is refused costs the defenses too. Were outcomes told when
they are known, anybody with a watch could tell the two apart and climb from one to the other. So the time of a denial
follows from what the person did and not from what the gate did: from leaving, or from the end of the time that every
attempt has. It leaves on a tick, a whole tick later, in which the judgment that was still pending ends unseen.

Ticks lie elsewhere for every attempt. Whoever knew where they lie could leave just before one, and see from the tick
after it whether the gate was a few milliseconds slower.
"""

import hashlib

from edge.domain.verdict import AttemptId


def release_ns(
    *, attempt_id: AttemptId, started_ns: int, ended_ns: int, decided_ns: int, is_grant: bool, tick_ms: float
) -> int:
    """Return the monotonic time at which a verdict may leave: never before it was decided.

    Args:
        attempt_id: random, so that nobody outside knows where the attempt's ticks lie.
        started_ns: monotonic start of the attempt; the person sees it too.
        ended_ns: when the person, the attempt's time or the feed ended it.
        decided_ns: when the gate knew.
        is_grant: a grant leaves at the next tick; a denial a tick after the attempt ended.
        tick_ms: milliseconds between ticks; it must be longer than one judgment takes. 0 = at once.
    """
    tick_ns = round(tick_ms * 1e6)
    if tick_ns <= 0:
        return decided_ns
    earliest_ns = decided_ns if is_grant else max(decided_ns, ended_ns + tick_ns)
    first_ns = started_ns - _phase(attempt_id) % tick_ns
    return first_ns - (first_ns - earliest_ns) // tick_ns * tick_ns


def deadline_ns(
    *, started_ns: int, timeout_ms: float, challenge_deadline_ns: int | None, after_challenge_ms: float
) -> int:
    """Return the monotonic time at which an attempt ends, if its face has not left before.

    Args:
        started_ns: monotonic start.
        timeout_ms: what every attempt has, milliseconds.
        challenge_deadline_ns: by when the movements must be made; None = nothing was asked.
        after_challenge_ms: for fresh frames after the last movement, milliseconds.
    """
    due_ns = started_ns + round(timeout_ms * 1e6)
    if challenge_deadline_ns is None:
        return due_ns
    return max(due_ns, challenge_deadline_ns + round(after_challenge_ms * 1e6))


def _phase(attempt_id: AttemptId) -> int:
    return int.from_bytes(hashlib.sha256(attempt_id.encode()).digest()[:8])
