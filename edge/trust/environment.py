"""Where the gate runs, as far as trust depends on it."""


def allows_unsigned(environment: str) -> bool:
    """Return whether keys may be made up and provisional profiles used: in exactly ``development``.

    Every other word, a misspelled one too, counts as ``production``.
    """
    return environment == "development"
