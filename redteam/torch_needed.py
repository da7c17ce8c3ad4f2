"""What the red team needs beside the lock may be missing: told as a hint."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge.domain.errors import UsageError


@contextmanager
def torch_needed() -> Iterator[None]:
    """Turn a missing red-team package into a hint.

    Raises:
        UsageError: a package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed", hint="run 'make redteam-setup'") from error
