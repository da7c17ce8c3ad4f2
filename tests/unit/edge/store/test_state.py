from pathlib import Path

import pytest

from edge.domain.errors import StoreError
from edge.domain.event import EventKind
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing


def test_the_parts_share_one_database(state: State, folder: Path, keys: KeyRing) -> None:
    with open_state(folder, keys) as again:
        assert again.ledger.chain_id == state.ledger.chain_id
        assert again.database.path == state.database.path


def test_a_closed_state_is_a_store_fault_everywhere(folder: Path, keys: KeyRing) -> None:
    with open_state(folder, keys) as state:
        pass

    def build(_: object) -> None:
        raise AssertionError("nothing may be built for a closed store")

    for use in (
        lambda: state.ledger.commit(EventKind.DECISION, {}, build),  # type: ignore[arg-type] # never called
        state.outbox.depth,
        state.gallery.people,
    ):
        with pytest.raises(StoreError):
            use()


def test_a_folder_below_a_file_is_refused(tmp_path: Path, keys: KeyRing) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        open_state(tmp_path / "file" / "state", keys)
    assert caught.value.hint
