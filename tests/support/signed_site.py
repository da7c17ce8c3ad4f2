"""A gate's state folder, opened for each act and closed again, so that every attack meets a stopped gate."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from edge.domain.embedding import Binding, Embedding
from edge.domain.match import SubjectRef
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.gallery_attacks import copy_database, database

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
Embed = Callable[..., Embedding]


class Site:
    """The folder, its keys, and what is done with both."""

    def __init__(self, folder: Path, keys: KeyRing, embed: Embed) -> None:
        self.folder = folder
        self.keys = keys
        self._embed = embed
        self.bindings: dict[str, Binding] = {"sface": embed(0).binding}

    def enroll(self, label: str, seed: int = 1) -> SubjectRef:
        with self.opened() as state:
            return state.gallery.enroll(
                label=label,
                consent_note="form",
                created=NOW,
                templates=[self._embed(seed), self._embed(seed + 1)],
                crops=[b"one", b"two"],
            )

    def erase(self, subject: SubjectRef) -> None:
        with self.opened() as state:
            state.gallery.erase(subject)

    def replace(self, subject: SubjectRef, seed: int) -> None:
        with self.opened() as state:
            state.gallery.replace_templates(subject, [self._embed(seed), self._embed(seed + 1)])

    def served(self) -> set[SubjectRef]:
        with self.opened() as state:
            return {subject for subject, _, _ in state.gallery.load_templates(self.bindings)}

    def opened(self) -> State:
        return open_state(self.folder, self.keys)

    def copy(self, name: str) -> Path:
        return copy_database(self.folder, self.folder.parent / name)

    def run(self, *statements: str) -> None:
        with database(self.folder) as connection:
            for statement in statements:
                connection.execute(statement)
