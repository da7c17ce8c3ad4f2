"""A door controller: opens once for a fresh grant of its own gate and its own door, and for nothing else."""

from collections.abc import Callable
from enum import StrEnum

from edge.domain.clock import Clock
from edge.domain.event import EventKind
from edge.messaging.consumer.reader import EventReader, Refused
from edge.messaging.verification import may_open
from edge.messaging.wire import Incoming


class DoorAnswer(StrEnum):
    """What a door controller made of one message."""

    OPENED = "opened"
    NOT_BELIEVED = "not believed"
    NO_DECISION = "no decision"
    OTHER_CHAIN = "the gate's state was replaced: ask who did it, then start anew"
    DOES_NOT_OPEN = "a denial, another door's, one that is over, or older than the last"


class DoorListener:
    """Takes every message of the gate's ``evt`` topics, on one thread, and calls ``release`` for what may open."""

    def __init__(
        self,
        reader: EventReader,
        clock: Clock,
        *,
        access_point: str,
        remember: Callable[[], None],
        release: Callable[[], None],
    ) -> None:
        """Take everything.

        Args:
            reader: trusts the one gate of this door.
            clock: of this machine; keep it synchronized.
            access_point: the door.
            remember: saves the reader's memory; what it raises keeps the door shut.
            release: opens the door for a moment.
        """
        self._reader = reader
        self._clock = clock
        self._access_point = access_point
        self._remember = remember
        self._release = release

    def take(self, message: Incoming) -> DoorAnswer:
        """Open, or not. A decision is remembered on disk before anything moves, so nothing opens twice."""
        judged = self._reader.judge(message)
        if isinstance(judged, Refused):
            return DoorAnswer.NOT_BELIEVED
        if judged.is_new_chain:
            return DoorAnswer.OTHER_CHAIN
        opens = may_open(
            judged.event,
            access_point=self._access_point,
            now_utc=self._clock.utc(),
            after_sequence=judged.chain.last_decision,
        )
        self._reader.note(judged)
        if judged.kind is not EventKind.DECISION:
            return DoorAnswer.NO_DECISION
        if not opens:
            return DoorAnswer.DOES_NOT_OPEN
        self._remember()
        self._release()
        return DoorAnswer.OPENED
