"""Reads a calibration profile: the folder ``{profile.toml, arrays.npz}``.

The file pins the archive and itself by sha256, so that whatever was altered by accident is found; its signature, over
the same canonical form, finds what was altered on purpose.
"""

from collections.abc import Iterable
from pathlib import Path

from edge.domain.errors import ConfigError
from edge.domain.profile import Profile
from edge.trust.array_archive import read_arrays
from edge.trust.profile_document import REFIT, checked_file, read_document
from edge.trust.profile_file import ProfileFile
from edge.trust.profile_form import profile_from_file
from edge.trust.profile_signature import voucher_of


def load_profile(path: Path, *, environment: str, trusted_keys: Iterable[bytes] = ()) -> Profile:
    """Read and check the profile folder ``path``.

    Checks in this order: it is TOML; it is what was written (digest); it is complete and in range; who signed it may
    vouch for it in ``environment``; its archive is the pinned one, and holds what the tables ask for. Whether it is
    in date is for those who know the time: ``edge.daemon.profile_in_force``.

    Args:
        path: the folder.
        environment: ``development``, where nobody need have signed it; anything else counts as ``production``.
        trusted_keys: public keys of those who may sign, 32 raw bytes each.

    Raises:
        ConfigError: it is missing, is no TOML, has unknown or missing keys, or numbers out of range or not finite.
        TrustError: it or its archive was altered, or who signed it may not vouch for it in ``environment``.
    """
    document = read_document(path)
    file = checked_file(document, path)
    voucher = voucher_of(document, file.signature, path, environment=environment, trusted_keys=trusted_keys)
    arrays = read_arrays(path / file.arrays.file, file.arrays.sha256, file.array_terms)
    try:
        return profile_from_file(file, arrays, voucher)
    except ValueError as error:
        raise ConfigError(f"the profile in {path} does not fit its arrays: {error}", hint=REFIT) from error


def read_profile_file(path: Path) -> ProfileFile:
    """Read ``profile.toml`` in the folder ``path`` with its measured figures, to be shown. Nobody need vouch for it.

    Raises:
        ConfigError, TrustError: as ``load_profile``, but for who signed it and for its archive.
    """
    return checked_file(read_document(path), path)
