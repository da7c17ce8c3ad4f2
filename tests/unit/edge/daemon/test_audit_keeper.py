"""Checkpoints leave by count, by time and at the end; old rows move to files; faults are told once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.daemon.audit_keeper import AuditKeeper, AuditMouth
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.errors import TrustError
from edge.messaging.payloads import AuditHeadV1
from edge.settings.record_sections import AuditSection
from edge.store.state import State, open_state
from edge.trust.checkpoint import checkpoint_from
from tests.support.audit_chains import KEYS, NOON, SIGNER, commit, harm
from tests.support.hand_clock import HandClock
from tests.support.waiting import wait_for

TERMS = AuditSection(checkpoint_rows=5, checkpoint_s=60).model_copy(update={"keep_rows": 10, "segment_rows": 4})


class Rig:
    def __init__(self, state: State) -> None:
        self.state = state
        self.clock = HandClock(NOON)
        self.is_connected = True
        self.published: list[AuditHeadV1] = []
        self.told: list[AnomalyReport] = []
        self.keeper = AuditKeeper(
            state.ledger,
            state.segments,
            TERMS,
            SIGNER,
            "/egate/site/gate",
            self.clock,
            AuditMouth(publish=self._publish, is_connected=lambda: self.is_connected, tell=self.told.append),
        )

    def _publish(self, head: AuditHeadV1) -> bool:
        if self.is_connected:
            self.published.append(head)
        return self.is_connected

    def sequences(self) -> list[int]:
        return [head.sequence for head in self.published]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_state(tmp_path / "state", KEYS) as state:
        yield Rig(state)


def test_a_checkpoint_by_count_by_time_and_not_twice(rig: Rig) -> None:
    rig.keeper.turn()
    assert rig.published == []  # an empty chain has nothing to sign
    commit(rig.state, 1)
    rig.keeper.turn()
    assert rig.sequences() == [1]
    commit(rig.state, 4)
    rig.keeper.turn()
    assert rig.sequences() == [1]
    commit(rig.state, 1)
    rig.keeper.turn()
    assert rig.sequences() == [1, 6]
    commit(rig.state, 1)
    rig.clock.now_ns += 60_000_000_000
    rig.keeper.turn()
    assert rig.sequences() == [1, 6, 7]
    rig.clock.now_ns += 60_000_000_000
    rig.keeper.turn()
    assert rig.sequences() == [1, 6, 7]


def test_it_holds_and_is_the_head(rig: Rig) -> None:
    commit(rig.state, 3)
    rig.keeper.turn()
    (head,) = rig.published
    checkpoint = checkpoint_from(head.model_dump())
    checkpoint.refuse_unsigned([SIGNER.public_key])
    assert checkpoint.hash == rig.state.ledger.head().hash
    assert checkpoint.chain == rig.state.ledger.chain_id


def test_it_waits_for_the_broker_and_is_said_again_when_that_came_back(rig: Rig) -> None:
    rig.is_connected = False
    commit(rig.state, 1)
    rig.keeper.turn()
    assert rig.published == []
    rig.is_connected = True
    rig.keeper.turn()
    rig.keeper.turn()
    assert rig.sequences() == [1]
    rig.is_connected = False
    rig.keeper.turn()
    rig.is_connected = True
    rig.keeper.turn()
    assert rig.sequences() == [1, 1]


def test_old_rows_move_and_the_last_ones_stay(rig: Rig) -> None:
    commit(rig.state, 13)
    rig.keeper.turn()
    assert rig.state.segments.all() == ()
    commit(rig.state, 1)
    rig.keeper.turn()
    (segment,) = rig.state.segments.all()
    assert (segment.first_seq, segment.last_seq) == (1, 4)
    assert rig.state.segments.rows() == 10
    assert rig.state.ledger.verify_chain().is_whole


def test_an_altered_chain_moves_nothing_and_is_told_once(rig: Rig, tmp_path: Path) -> None:
    commit(rig.state, 14)
    harm(tmp_path / "state", "UPDATE audit SET body = x'00' WHERE seq = 2")
    with pytest.raises(TrustError):
        rig.keeper.turn()
    rig.keeper.start()
    wait_for(lambda: rig.told, "it is told")
    rig.keeper.stop()
    assert [report.anomaly for report in rig.told] == [Anomaly.FAULT_INTEGRITY]
    assert rig.state.segments.all() == ()


def test_the_last_one_covers_the_end(rig: Rig) -> None:
    rig.keeper.start()
    with pytest.raises(RuntimeError):
        rig.keeper.start()
    commit(rig.state, 2)
    wait_for(lambda: rig.published, "the first one is published")
    commit(rig.state, 1)
    rig.keeper.stop()
    rig.keeper.stop()
    assert rig.sequences()[-1] == 3
