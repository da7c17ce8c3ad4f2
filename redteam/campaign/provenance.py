"""What a campaign was made with: the revision of the source, and the version of torch."""

import subprocess
from pathlib import Path

import torch

_ROOT = Path(__file__).parents[2]


def source_revision() -> str:
    """Return the source's revision; a ``+`` tells of changes that are in no commit, ``unknown`` of no repository."""
    try:
        changed = _git("status", "--porcelain", "--untracked-files=no")
        return _git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def torch_version() -> str:
    """Return torch's version, with its build."""
    return str(torch.__version__)


def _git(*arguments: str) -> str:
    return subprocess.run(
        ("git", "-C", str(_ROOT), *arguments), capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()
