"""A backup that is put in place of a newer state, for ``tests.support.power_cuts``: run with the shim before libc.

``python -m tests.support.recorded_restore FOLDER ACTS``: twelve decisions, a segment, a backup, four decisions more,
a restore. ``ACTS`` gets ``began CHAIN`` before the backup is put back and ``restored SEQ`` after.
"""

import os
import sys
from pathlib import Path

from edge.daemon.state_restore import command_identity, restore_state
from edge.domain.clock import SystemClock
from edge.store.backup import write_backup
from edge.store.state import open_state
from edge.trust.file_writing import create_private_file, private_folder
from tests.support.audit_chains import KEYS, SIGNER, commit, seal


def main(folder: Path, acts: Path) -> None:
    """Do it all once."""
    handle = os.open(acts, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    file = folder.with_suffix(".backup")
    private_folder(folder)
    create_private_file(folder / "signing.key", bytes(range(32)))
    create_private_file(folder / "gallery.key", bytes(32))
    with open_state(folder, KEYS) as state:
        commit(state, 12)
        state.segments.close(5, seal)
        write_backup(state.database, file, private_folder(folder.with_suffix(".scratch")), seal, SIGNER)
        commit(state, 4)
        chain = state.ledger.chain_id
    os.write(handle, f"began {chain}\n".encode())
    restore_state(file, folder, command_identity("s", "g", "d"), SystemClock(), is_older_meant=True)
    os.write(handle, b"restored 17\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
