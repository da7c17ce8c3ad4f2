"""People who come and go while the gate runs."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from edge.daemon.live_gallery import LiveGallery
from edge.daemon.models import Models
from edge.domain.embedding import Embedding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.gallery_attacks import anchor, copy_database, put_person_back
from tests.support.hand_clock import HandClock
from tests.support.profiles import A, B

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
MODELS = cast("Models", SimpleNamespace(bindings={"a": A, "b": B}))


def enroll(state: State, label: str, *, models: str = "ab") -> SubjectRef:
    vector = np.array([1, 0, 0], np.float32)
    bound = {"a": A, "b": B}
    return state.gallery.enroll(
        label=label,
        consent_note="x",
        created=NOON,
        templates=[Embedding(bound[m], vector.copy()) for m in models],
    )


def test_enrolled_and_erased_people_count_within_a_second(tmp_path: Path) -> None:
    keys, clock = KeyRing.open(tmp_path, is_new=True), HandClock(NOON)
    with open_state(tmp_path, keys) as ours, open_state(tmp_path, keys) as theirs:
        people = LiveGallery(MODELS, ours, clock)
        assert len(people()) == 0
        subject = enroll(theirs, "Ann")
        clock.now_ns += 999_000_000
        assert len(people()) == 0
        clock.now_ns += 2_000_000
        assert people().subjects == (subject,)
        theirs.gallery.erase(subject)
        clock.now_ns += 1_000_000_000
        assert len(people()) == 0


def test_the_gates_own_commits_reload_nothing(tmp_path: Path) -> None:
    clock = HandClock(NOON)
    with open_state(tmp_path, KeyRing.open(tmp_path, is_new=True)) as ours:
        people = LiveGallery(MODELS, ours, clock)
        first = people()
        clock.now_ns += 2_000_000_000
        assert people() is first


def test_templates_of_another_model_leave_nobody_known(tmp_path: Path) -> None:
    keys, clock = KeyRing.open(tmp_path, is_new=True), HandClock(NOON)
    with open_state(tmp_path, keys) as ours, open_state(tmp_path, keys) as theirs:
        enroll(theirs, "Ann")
        people = LiveGallery(MODELS, ours, clock)
        bad = enroll(theirs, "Bob", models="a")
        clock.now_ns += 2_000_000_000
        for _ in range(2):
            with pytest.raises(TrustError):
                people()
        theirs.gallery.erase(bad)
        assert len(people()) == 1


@pytest.mark.parametrize("attack", ["put back", "anchor gone"])
def test_who_is_put_back_while_the_gate_runs_is_known_to_nobody(tmp_path: Path, attack: str) -> None:
    clock, keys = HandClock(NOON), KeyRing.open(tmp_path / "s", is_new=True)
    with open_state(tmp_path / "s", keys) as ours, open_state(tmp_path / "s", keys) as theirs:
        ada = enroll(theirs, "Ada")
        enroll(theirs, "Bob")
        old = copy_database(tmp_path / "s", tmp_path / "old")
        theirs.gallery.erase(ada)
        people = LiveGallery(MODELS, ours, clock)
        assert len(people()) == 1
        put_person_back(old, tmp_path / "s", ada)
        if attack == "anchor gone":
            anchor(tmp_path / "s").unlink()
        clock.now_ns += 2_000_000_000
        for _ in range(2):
            with pytest.raises(TrustError):
                people()
        theirs.gallery.erase(ada)
        if attack == "put back":
            clock.now_ns += 2_000_000_000
            assert len(people()) == 1
