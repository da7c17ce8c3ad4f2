"""A process that changes the gallery is killed at any line: the gallery is as signed afterwards, and goes on."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

from edge.daemon.state import open_gate_state
from edge.domain.embedding import Binding
from edge.settings.load import load_settings

_BINDING = Binding("m", "d", "r", "reference")
_CHANGES = """
import datetime as dt, itertools, sys
from pathlib import Path
import numpy as np
from edge.daemon.state import open_gate_state
from edge.domain.embedding import Binding, Embedding
from edge.settings.load import load_settings

state, _ = open_gate_state(load_settings(None, state_dir=Path(sys.argv[1])))
face = Embedding(Binding("m", "d", "r", "reference"), np.eye(64, dtype=np.float32)[0])
start = state.gallery.register.revision
print("ready", flush=True)
for number in itertools.count():
    subject = state.gallery.enroll(
        label=f"{sys.argv[2]} {number}", consent_note="form", created=dt.datetime.now(dt.UTC), templates=[face] * 3
    )
    state.gallery.replace_templates(subject, [face])
    if number % 2:
        state.gallery.erase(subject)
"""


def test_killed_at_any_line_the_gallery_is_as_signed_and_every_change_is_on_record(tmp_path: Path) -> None:
    folder, draw, counted = tmp_path / "state", random.Random(7), 0
    for life in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", _CHANGES, str(folder), f"life {life}"], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(draw.uniform(0.05, 0.4))
            process.kill()
        state, _ = open_gate_state(load_settings(None, state_dir=folder))
        with state:
            served = {subject for subject, _, _ in state.gallery.load_templates({"m": _BINDING})}
            assert served == {person.subject for person in state.gallery.people()}
            assert state.ledger.verify_chain().is_whole
            counters = [json.loads(record.body)["data"]["counter"] for record in state.ledger.records()]
        assert counters == list(range(1, len(counters) + 1))
        assert len(counters) >= counted
        counted = len(counters)
    assert counted > 6
