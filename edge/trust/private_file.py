"""Files that hold a secret somebody else made: a password, a key. Nobody but the gate's user may read them."""

import os
import stat
from pathlib import Path

_CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_BUT_GROUP_READ = _OTHERS & ~stat.S_IRGRP  # systemd grants credentials by an ACL, which shows as group read


def exposure(path: Path) -> str | None:
    """Return how a file lies open to others, in words; None = mode 0600 or less, or a credential of the service.

    Raises:
        OSError: it is not there or cannot be looked at.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is no file"
    forbidden = _OTHERS_BUT_GROUP_READ if _is_credential(path) else _OTHERS
    mode = stat.S_IMODE(found.st_mode)
    return f"{path} has mode {mode:04o}: others may use it" if mode & forbidden else None


def named_file(path: Path) -> Path:
    """Return the file that a setting means: a bare name is a credential of the service where there is such a one."""
    folder = os.environ.get(_CREDENTIALS_VARIABLE)
    if folder and len(path.parts) == 1 and (credential := Path(folder) / path).is_file():
        return credential
    return path


def _is_credential(path: Path) -> bool:
    folder = os.environ.get(_CREDENTIALS_VARIABLE)
    return bool(folder) and path.resolve().parent == Path(str(folder)).resolve()
