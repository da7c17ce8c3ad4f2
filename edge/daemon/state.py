"""Opens the state folder with its keys, and puts every change of the gallery on record."""

from pathlib import Path

from edge.daemon.state_restore import refuse_unfinished
from edge.domain.clock import SystemClock
from edge.domain.errors import OtherGalleryKeyError
from edge.messaging.identity import GateIdentity
from edge.pipeline.witness import GalleryWitness
from edge.settings.tree import Settings
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.gallery_key_change import enforce_key, next_key
from edge.trust.keys import KeyRing

NO_BOOT = "command"
"""Boot id in the events of changes: whoever makes them is no start of the daemon."""


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
    try:
        state = open_state(folder, keys, anchor_folder=settings.state.anchor_dir)
    except OtherGalleryKeyError:
        state, keys = _open_after_rekey(folder, keys, settings.state.anchor_dir)
    section = settings.gate
    identity = GateIdentity(section.site, section.gate, section.access_point, NO_BOOT)
    state.gallery.register.witness = GalleryWitness(identity, keys.signer, SystemClock())
    return state, keys


def _open_after_rekey(folder: Path, keys: KeyRing, anchor_folder: Path | None) -> tuple[State, KeyRing]:
    """Open with the key that a change of keys left behind half way, and finish the change.

    Raises:
        OtherGalleryKeyError: there is none, or it does not fit either.
    """
    key = next_key(folder)
    keys = KeyRing(signer=keys.signer, gallery_key=key or keys.gallery_key)
    state = open_state(folder, keys, anchor_folder=anchor_folder)
    enforce_key(folder)
    return state, keys
