"""The one key that everybody knows: profiles of the source tree are signed with it, so that trying needs no key.

It vouches for nothing. Production refuses it even where the settings list it.
"""

from edge.trust.signing import Signer

UNSAFE_DEVELOPMENT_SEED = b"edge-gate UNSAFE development key"
"""32 bytes that are published here."""


def development_signer() -> Signer:
    """Return the signer that everybody has."""
    return Signer(UNSAFE_DEVELOPMENT_SEED)


DEVELOPMENT_PUBLIC_KEY = development_signer().public_key
