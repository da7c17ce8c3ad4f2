"""Opens the state folder with its keys."""

from edge.daemon.state_restore import refuse_unfinished
from edge.settings.tree import Settings
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.keys import KeyRing


def open_gate_state(settings: Settings) -> tuple[State, KeyRing]:
    """Open, and on first use make, the state folder.

    Raises:
        StoreError: the folder or database cannot be used.
        TrustError: a key is missing, altered or readable by others, or belongs to another state; or a restore was
            cut off.
    """
    folder = settings.state_dir
    refuse_unfinished(folder)
    is_new = not (folder / DATABASE_FILE).exists()
    keys = KeyRing.open(folder, is_new=is_new)
    return open_state(folder, keys), keys
