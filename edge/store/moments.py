"""Moments as they are stored: UTC, ISO 8601, one way of writing each."""

import datetime as dt

from edge.store.database import altered


def written(moment: dt.datetime) -> str:
    """Return how a timezone-aware moment is stored."""
    return moment.astimezone(dt.UTC).isoformat()


def moment_of(text: str) -> dt.datetime:
    """Return a stored moment, which must read exactly as the gate writes it.

    Raises:
        TrustError: it does not.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise altered("a moment is none") from error
    if moment.utcoffset() != dt.timedelta(0) or moment.isoformat() != text:
        raise altered("a moment is not written as the gate writes it")
    return moment
