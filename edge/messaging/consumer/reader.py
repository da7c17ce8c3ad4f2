"""Is this message an event of a gate, whole and new? The first check that does not hold refuses it.

Nothing is remembered of a message before all of it holds, so that a stranger cannot make the consumer forget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.errors import TrustError
from edge.domain.event import EventKind
from edge.messaging.consumer.memory import ChainMemory, ConsumerMemory
from edge.messaging.envelope import TYPE_OF_KIND
from edge.messaging.topics import ROOT
from edge.messaging.verification import Event, Verifier, verify_event
from edge.messaging.wire import Incoming


class EventProblem(StrEnum):
    """One check that does not hold. Values are the words that it is told with."""

    RETAINED = "it was published to be kept, so it may be old: no gate does that"
    FORGED = "no gate that is trusted here signed it as it stands"
    OTHER_TOPIC = "it came by another topic than its gate sends it to"
    OTHER_PLACE = "its id does not name its place in the chain"
    REPEATED = "it came before"

    @property
    def is_everyday(self) -> bool:
        """Whether it happens without anybody's doing: delivery is at least once."""
        return self is EventProblem.REPEATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Genuine:
    """An event that a gate signed and that is new.

    Attributes:
        event: what it says.
        kind: which.
        chain: what is remembered of its chain, before this event.
        is_new_chain: whether nothing was known of the chain while another of this gate was: its state was replaced.
    """

    event: Event
    kind: EventKind
    chain: ChainMemory
    is_new_chain: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not believed.

    Attributes:
        problem: why.
        detail: more words, for people; may hold what a stranger wrote, so show it escaped.
    """

    problem: EventProblem
    detail: str = ""


class EventReader:
    """Reads the messages of some gates, in order of arrival. One thread."""

    def __init__(self, keys: Mapping[str, Sequence[bytes]], verify: Verifier, memory: ConsumerMemory) -> None:
        """Take whom to believe.

        Args:
            keys: public keys, 32 raw bytes each, by the ``source`` of each gate: ``/egate/{site}/{gate}``.
            verify: checks one signature, such as ``edge.trust.signing.verify``.
            memory: what came before.
        """
        self._keys = keys
        self._verify = verify
        self._memory = memory

    def judge(self, message: Incoming) -> Genuine | Refused:
        """Return what holds, or why it does not. Changes nothing and never raises: ``note`` remembers."""
        if message.is_retained:
            return Refused(EventProblem.RETAINED)
        try:
            event = verify_event(message.payload, keys=self._keys, verify=self._verify)
        except TrustError as error:
            return Refused(EventProblem.FORGED, str(error))
        kind = next((kind for kind, type_ in TYPE_OF_KIND.items() if type_ == event.type), None)
        if kind is None or message.topic != topic_of(event, kind):
            return Refused(EventProblem.OTHER_TOPIC)
        if event.id != f"{event.chain_id}-{event.sequence}" or not event.chain_id:
            return Refused(EventProblem.OTHER_PLACE)
        known = self._memory.chains_of(event.source)
        chain = self._memory.chain(event.source, event.chain_id) if event.chain_id in known else ChainMemory()
        if event.sequence in chain.seen:
            return Refused(EventProblem.REPEATED)
        return Genuine(event=event, kind=kind, chain=chain, is_new_chain=bool(known) and event.chain_id not in known)

    def note(self, genuine: Genuine) -> None:
        """Remember an event that was taken in: whatever the consumer does with it is done, or on its own disk."""
        event = genuine.event
        chain = self._memory.chain(event.source, event.chain_id)
        ranges = chain.seen.ranges
        if not ranges or event.sequence > ranges[-1][1]:
            chain.boot_id = event.boot_id
        chain.seen.add(event.sequence)
        if genuine.kind is EventKind.DECISION:
            chain.last_decision = max(chain.last_decision, event.sequence)


def topic_of(event: Event, kind: EventKind) -> str:
    """Return the one topic that an event of ``kind`` of that gate comes by."""
    return f"{ROOT}/{event.source.removeprefix('/egate/')}/evt/{kind}"
