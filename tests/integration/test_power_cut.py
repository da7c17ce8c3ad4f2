"""The power goes between two writes of the gate: whatever it acted on is on record, and the chain holds.

Some cuts in the ordinary suite; with ``EDGE_GATE_CUTS=all`` one between every two writes.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.daemon.state_restore import refuse_unfinished
from edge.domain.errors import TrustError
from edge.store.state import DATABASE_FILE, open_state
from edge.trust.keys import KeyRing
from tests.support.power_cuts import Disk, Luck, Record, recorded

SEED = 20261125
SAMPLE = None if os.environ.get("EDGE_GATE_CUTS") == "all" else 60


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Record]]:
    return recorded_gate(tmp_path_factory.mktemp("cut"))


def recorded_gate(build: Path, *more: str, module: str = "recorded_gate") -> tuple[Path, list[Record]]:
    root = build / "root"
    root.mkdir()
    words = (str(root / "state"), str(root / "acts"), *more)
    return root, recorded(f"tests.support.{module}", root, *words, build=build)


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder in memory, where there is one: what is left of a cut is written there a thousand times."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def test_the_record_is_a_whole_one(records: tuple[Path, list[Record]], scratch: Path) -> None:
    root, every = records
    disk = Disk(root)
    for record in every:
        disk.take(record)
    disk.leave(scratch / "end", Luck.EVERYTHING, random.Random(SEED))
    written = {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.suffix != ""}
    rebuilt = {p.relative_to(scratch / "end"): p.read_bytes() for p in (scratch / "end").rglob("*") if p.is_file()}
    assert written.items() <= rebuilt.items()
    assert {"S", "D", "W", "T", "R", "L", "U", "C", "M"} <= {record.what for record in every}


@pytest.mark.parametrize("luck", Luck)
def test_whatever_was_acted_on_is_on_record(records: tuple[Path, list[Record]], scratch: Path, luck: Luck) -> None:
    cut(*records, scratch, luck)


def test_a_gate_that_does_not_sync_at_every_commit_is_found_out(tmp_path: Path, scratch: Path) -> None:
    root, every = recorded_gate(tmp_path, "careless")
    with pytest.raises(AssertionError, match="nothing kept"):
        cut(root, every, scratch, Luck.NOTHING)


def cut(root: Path, every: list[Record], scratch: Path, luck: Luck) -> None:
    """Let the power go at many moments and look at what is left each time."""
    chance = random.Random(f"{SEED}-{luck.value}")
    moments = range(1, len(every) + 1)
    cuts = set(moments) if SAMPLE is None else set(chance.sample(moments, SAMPLE))
    disk, acted, sent = Disk(root), 0, 0
    for number, record in enumerate(every, start=1):
        if record.what == "W" and (record.data.startswith((b"acted ", b"sent "))):
            word, seq = record.data.split()
            acted, sent = (int(seq), sent) if word == b"acted" else (acted, int(seq))
        else:
            disk.take(record)
        if number in cuts:
            left = scratch / "left"
            disk.leave(left, luck, chance)
            assert_holds(left / "state", acted, sent, f"cut after write {number} of {len(every)}, {luck.value} kept")
            shutil.rmtree(left)


def assert_holds(folder: Path, acted: int, sent: int, where: str) -> None:
    keys = KeyRing.open(folder, is_new=not (folder / DATABASE_FILE).exists())
    with open_state(folder, keys) as state:
        report = state.ledger.verify_chain()
        waiting = {row.seq for row in state.outbox.pending(10_000)}
    assert report.is_whole, (where, report)
    assert acted <= report.records <= acted + 1, where
    assert set(range(sent + 1, report.records + 1)) <= waiting, where


@pytest.mark.parametrize("luck", Luck)
def test_a_restore_that_is_cut_off_never_looks_like_a_new_gate(tmp_path: Path, scratch: Path, luck: Luck) -> None:
    root, every = recorded_gate(tmp_path, module="recorded_restore")
    chance = random.Random(f"{SEED}-{luck.value}")
    disk, chain, restored, outcomes = Disk(root), "", 0, set()
    for record in every:
        word, _, value = record.data.decode("latin-1").strip().partition(" ")
        if record.what == "W" and word == "began":
            chain = value
        elif record.what == "W" and word == "restored":
            restored = int(value)
        else:
            disk.take(record)
        if chain and (restored or record.what in "SDRLUM" or SAMPLE is None):
            disk.leave(scratch / "left", luck, chance)
            outcomes.add(after_restore(scratch / "left" / "state", chain, restored))
            shutil.rmtree(scratch / "left")
    assert {16, 17} <= outcomes  # the old state, then the new one; in between nothing opens


def after_restore(folder: Path, chain: str, restored: int) -> int | None:
    """Return how long the chain is that a cut leaves; None where nothing opens."""
    try:
        refuse_unfinished(folder)
    except TrustError:
        assert not restored
        return None
    with open_state(folder, KeyRing.open(folder)) as state:
        report = state.ledger.verify_chain()
    assert report.is_whole, report
    assert report.chain_id == chain
    assert report.records in ({restored} if restored else {16, 17})
    return report.records
