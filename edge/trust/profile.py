"""Reads and writes a calibration profile: the folder ``{profile.toml, agreement.npz}``.

The file pins itself and the archive by sha256, so that whatever was altered after it was written is found. That
stops accidents, not an attacker, who can pin anew: an unsigned profile is provisional and serves development alone.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue, ValidationError

from edge.domain.errors import ConfigError, TrustError
from edge.domain.profile import Profile
from edge.trust.agreement_file import pack_weights, read_weights
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.trust.environment import allows_unsigned
from edge.trust.file_writing import public_folder, replace_file
from edge.trust.profile_file import ProfileFile
from edge.trust.profile_form import profile_from_file, tables_from_profile
from edge.trust.toml_text import toml_text

PROFILE_FILE = "profile.toml"
AGREEMENT_FILE = "agreement.npz"
_DIGEST_TAG = "egate-profile-v1"
_REFIT = "fit the profile again with 'edge-gate calibrate provisional', or restore the folder from a copy"


def load_profile(path: Path, *, environment: str) -> Profile:
    """Read and check the profile folder ``path``.

    Checks in this order: it is TOML; it is what was written (digest); it is complete and in range; it may serve in
    ``environment``; its archive is the pinned one.

    Args:
        path: the folder.
        environment: ``development``; anything else counts as ``production``.

    Raises:
        ConfigError: it is missing, is no TOML, has unknown or missing keys, or numbers out of range or not finite.
        TrustError: it or its archive was altered, or it is not signed and ``environment`` asks for that.
    """
    file = read_profile_file(path)
    _refuse_unsigned(file, path, environment)
    return profile_from_file(file, read_weights(path / file.agreement.file, file.agreement.sha256))


def read_profile_file(path: Path) -> ProfileFile:
    """Read ``profile.toml`` in the folder ``path`` as it stands, with its measured figures, to be shown.

    Raises:
        ConfigError, TrustError: as ``load_profile``, but for any environment.
    """
    where = path / PROFILE_FILE
    try:
        document = tomllib.loads(where.read_bytes().decode())
    except OSError as error:
        raise ConfigError(f"{where} cannot be read: {error.strerror}", hint="name a folder with a profile") from error
    except ValueError as error:
        raise ConfigError(f"{where} is no TOML: {error}", hint=_REFIT) from error
    pinned = document.get("digest")
    if isinstance(pinned, str) and pinned != _digest(document, where):
        raise TrustError(f"{where} was altered after it was written", hint=_REFIT)
    try:
        return ProfileFile.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"{where} is not a profile: {_problem(error)}", hint=_REFIT) from error


def dump_profile(
    profile: Profile,
    folder: Path,
    *,
    created: dt.datetime,
    data: str,
    data_digest: str,
    measured: Mapping[str, JsonValue] | None = None,
) -> Profile:
    """Write ``profile`` into ``folder``, made where missing, and return it as read back, with its digest.

    Args:
        profile: what to write; its own ``digest`` is ignored. Must be provisional.
        folder: a file in it is replaced as a whole.
        created: when it was fitted, timezone-aware.
        data: what it was fitted on, for people.
        data_digest: sha256 of that data, 64 hexadecimal digits.
        measured: figures to keep beside (far, tar, ci95, counts); nothing decides by them.

    Raises:
        ConfigError: a number is out of range or not finite, or the models do not fit together.
        TrustError: the profile is not marked provisional: there is nothing to sign it with here.
        StoreError: the folder cannot be written.
    """
    try:
        archive, sha256 = pack_weights(profile.agreement.weights)
        document = {
            "name": profile.name,
            "provisional": profile.is_provisional,
            "created": created.isoformat(),
            "data": data,
            "data_digest": data_digest,
            **tables_from_profile(profile, agreement_file=AGREEMENT_FILE, sha256=sha256),
            **({"measured": dict(measured)} if measured else {}),
        }
        document = {"digest": _digest(document, folder), **document}
        text = toml_text(document)
        file = ProfileFile.model_validate(document)
    except ValueError as error:
        raise ConfigError(f"the profile cannot be written: {_problem(error)}", hint="check the fit") from error
    _refuse_unsigned(file, folder, "development")
    public_folder(folder)
    replace_file(folder / AGREEMENT_FILE, archive)
    replace_file(folder / PROFILE_FILE, text.encode())
    return load_profile(folder, environment="development")


def _digest(document: Mapping[str, object], where: Path) -> str:
    body = {key: value for key, value in document.items() if key != "digest"}
    try:
        return tagged_sha256(_DIGEST_TAG, canonical_json(body)).hex()
    except TrustError as error:
        raise ConfigError(f"{where} holds a value that no profile has: {error}", hint=_REFIT) from error


def _problem(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'as a whole'}: {first['msg']}"


def _refuse_unsigned(file: ProfileFile, where: Path, environment: str) -> None:
    if not file.provisional:
        raise TrustError(
            f"the profile in {where} does not call itself provisional, but is not signed",
            hint="an unsigned profile must say 'provisional = true' and serves development alone",
        )
    if not allows_unsigned(environment):
        raise TrustError(
            f"the profile {file.name} in {where} is provisional and not signed",
            hint="production takes a signed profile only; to try this one set environment = development",
        )
