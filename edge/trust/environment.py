"""Where the gate runs, as far as trust depends on it."""


def is_development(environment: str) -> bool:
    """Return whether unsigned profiles and the development key may be taken: in exactly ``development``.

    Every other word, a misspelled one too, counts as ``production``.
    """
    return environment == "development"
