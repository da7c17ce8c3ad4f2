"""kill -9 while committing: what was said to be on record is, and every audit row has its message."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer

_REPOSITORY = Path(__file__).parents[2]
_KEYS = KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(32))

# Commits and says each seq once it is committed. It kills itself after `fuse` steps of SQLite's own machine,
# counted over all statements from the first commit on; without a fuse it goes on until it is killed.
_COMMITTER = """
import itertools, os, signal, sys
from pathlib import Path
from edge.domain.event import EventKind, OutboxMessage
from edge.store.state import open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer

def build(ticket):
    return OutboxMessage(kind=EventKind.DECISION, topic="t", payload=b"%d" % ticket.seq * 300, priority=1)

fuse = int(sys.argv[2])
state = open_state(Path(sys.argv[1]), KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(32)))
if fuse:
    steps = itertools.count(1)
    def burn():
        if next(steps) == fuse:
            os.kill(os.getpid(), signal.SIGKILL)
    state.database._connection.set_progress_handler(burn, 1)
while True:
    ticket = state.ledger.commit(EventKind.DECISION, {"padding": "x" * 500}, build)
    os.write(1, b"%d\\n" % ticket.seq)
"""


# Commits, and closes a segment of two rows after every third commit, until it kills itself.
_ROTATOR = """
import datetime as dt
from edge.trust.checkpoint import sign_checkpoint

def seal(head):
    return sign_checkpoint(head, "/egate/s/g", Signer(bytes(32)), dt.datetime.now(dt.UTC))

while True:
    ticket = state.ledger.commit(EventKind.DECISION, {"padding": "x" * 500}, build)
    state.outbox.delete([ticket.seq])
    os.write(1, b"%d\\n" % ticket.seq)
    if ticket.seq % 3 == 0:
        state.segments.close(2, seal)
"""


def _start(folder: Path, fuse: int, script: str = _COMMITTER) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder), str(fuse)], stdout=subprocess.PIPE, cwd=_REPOSITORY
    )


def _assert_pairs(state: State, said: int) -> int:
    """Return the chain's length after checking it against its messages and against what was ``said``."""
    report = state.ledger.verify_chain()
    assert report.is_whole, report
    records = [record.seq for record in state.ledger.records()]
    messages = [(stored.seq, stored.message.payload) for stored in state.outbox.pending(10**6)]
    assert messages == [(seq, b"%d" % seq * 300) for seq in records]
    # One more at most: committed, but killed before it could say so.
    assert said <= report.records <= said + 1
    return report.records


def test_killed_at_any_step_of_the_database(tmp_path: Path) -> None:
    chance, length = random.Random(20261101), 0
    for _ in range(12):
        with _start(tmp_path / "state", fuse=chance.randint(1, 900)) as committer:
            assert committer.stdout is not None
            said = committer.stdout.read().split()
            assert committer.wait(timeout=60) == -signal.SIGKILL
        with open_state(tmp_path / "state", _KEYS) as state:
            length = _assert_pairs(state, int(said[-1]) if said else length)
    assert length > 12


@pytest.mark.parametrize("commits", [1, 7, 40])
def test_killed_from_outside(tmp_path: Path, commits: int) -> None:
    length = 0
    for _ in range(2):
        with _start(tmp_path / "state", fuse=0) as committer:
            assert committer.stdout is not None
            said = [committer.stdout.readline() for _ in range(commits)]
            committer.kill()
            said += committer.stdout.read().splitlines(keepends=True)
            assert committer.wait(timeout=60) == -signal.SIGKILL
        with open_state(tmp_path / "state", _KEYS) as state:
            length = _assert_pairs(state, int(said[-1]))
    assert length >= 2 * commits


def test_killed_at_any_step_while_segments_are_closed(tmp_path: Path) -> None:
    script = _COMMITTER.partition("while True:")[0] + _ROTATOR
    chance, length, closed = random.Random(20261102), 0, 0
    for _ in range(10):
        with _start(tmp_path / "state", fuse=chance.randint(1, 2_500), script=script) as rotator:
            assert rotator.stdout is not None
            said = rotator.stdout.read().split()
            assert rotator.wait(timeout=60) == -signal.SIGKILL
        with open_state(tmp_path / "state", _KEYS) as state:
            report = state.ledger.verify_chain()
            assert report.is_whole, report
            length = int(said[-1]) if said else length
            assert length <= report.records <= length + 1
            length = report.records
            closed = len(state.segments.all())
    assert closed > 3
