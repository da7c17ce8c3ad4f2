from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.domain.embedding import Binding, Embedding
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer

Build = Callable[[Ticket], OutboxMessage]


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(range(32)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def state(folder: Path, keys: KeyRing) -> Iterator[State]:
    with open_state(folder, keys, busy_timeout_ms=20) as state:
        yield state


@pytest.fixture
def build() -> Build:
    def message(ticket: Ticket) -> OutboxMessage:
        payload = f'{{"id":"{ticket.chain_id}-{ticket.seq}"}}'.encode()
        return OutboxMessage(kind=EventKind.DECISION, topic="egate/v1/s/g/evt/decision", payload=payload, priority=1)

    return message


@pytest.fixture
def embed() -> Callable[..., Embedding]:
    """Return embeddings that a seed and a binding's differences make."""

    def make(seed: int, model_id: str = "sface", *, d: int = 8, **binding: str) -> Embedding:
        vector = np.random.default_rng(seed).standard_normal(d).astype(np.float32)
        bound = {"model_digest": "m" * 64, "recipe_digest": "r" * 64, "precision_class": "reference", **binding}
        return Embedding(Binding(model_id, **bound), vector / np.linalg.norm(vector))

    return make
