"""``profile.toml`` as it stands on the disk: read, and found to be what was written."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from edge.domain.errors import ConfigError, TrustError
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.trust.profile_file import ProfileFile

PROFILE_FILE = "profile.toml"
REFIT = "fit the profile again with 'edge-gate calibrate fit', or restore the folder from a copy"

_DIGEST_TAG = "egate-profile-v1"
_MOST_BYTES = 2**20
_UNSIGNED = frozenset({"digest", "signature"})


def read_document(path: Path) -> dict[str, object]:
    """Return the TOML document in the profile folder ``path``, whatever it holds, once its digest was found right.

    Raises:
        ConfigError: it is missing, too large or no TOML, or holds a value that no profile has.
        TrustError: it is not what was written.
    """
    where = path / PROFILE_FILE
    try:
        with where.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{where} cannot be read: {error.strerror}", hint="name a folder with a profile") from error
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{where} is larger than any profile", hint=REFIT)
    try:
        document = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is no TOML: {error}", hint=REFIT) from error
    pinned = document.get("digest")
    if isinstance(pinned, str) and pinned != digest_of(document, where):
        raise TrustError(f"{where} was altered after it was written", hint=REFIT)
    return document


def checked_file(document: Mapping[str, object], where: Path) -> ProfileFile:
    """Return ``document`` as the schema has it.

    Raises:
        ConfigError: keys are unknown or missing, or numbers out of range or not finite.
    """
    try:
        return ProfileFile.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"{where / PROFILE_FILE} is not a profile: {problem_of(error)}", hint=REFIT) from error


def digest_of(document: Mapping[str, object], where: Path) -> str:
    """Return the sha256 of the canonical form, in hexadecimal. It names the profile, signed or not.

    Raises:
        ConfigError: a value has no canonical form.
    """
    return tagged_sha256(_DIGEST_TAG, signed_body(document, where)).hex()


def signed_body(document: Mapping[str, object], where: Path) -> bytes:
    """Return the bytes that a signature is made of: the canonical form of all but ``digest`` and ``signature``.

    White space, comments and other spellings of the same values are no part of it.

    Raises:
        ConfigError: a value has no canonical form.
    """
    try:
        return canonical_json({key: value for key, value in document.items() if key not in _UNSIGNED})
    except TrustError as error:
        raise ConfigError(f"{where} holds a value that no profile has: {error}", hint=REFIT) from error


def problem_of(error: ValueError) -> str:
    """Return where and what the first problem is."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'as a whole'}: {first['msg']}"
