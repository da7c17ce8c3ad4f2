"""Writes a calibration profile, unsigned, and signs one that was written."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from edge.domain.errors import ConfigError
from edge.domain.profile import Profile
from edge.trust.array_archive import ArrayTerms, pack_arrays, read_arrays, read_pinned
from edge.trust.file_writing import public_folder, replace_file
from edge.trust.profile import load_profile
from edge.trust.profile_document import PROFILE_FILE, checked_file, digest_of, problem_of, read_document
from edge.trust.profile_file import ProfileFile
from edge.trust.profile_form import arrays_from_profile, tables_from_profile
from edge.trust.profile_points import Figures
from edge.trust.profile_signature import signature_of
from edge.trust.signing import Signer
from edge.trust.toml_text import toml_text

ARRAYS_FILE = "arrays.npz"
_NONE_YET = "0" * 64

TablePath = tuple[str, ...]
"""Where a threshold stands, such as ``("match", "floor", MODEL)``: a model's name may hold dots."""


def dump_profile(
    profile: Profile,
    folder: Path,
    *,
    data: str,
    data_digest: str,
    figures: Mapping[TablePath, Figures] | None = None,
    measured: Mapping[str, JsonValue] | None = None,
) -> Profile:
    """Write ``profile`` into ``folder``, made where missing, unsigned, and return it as read back, with its digest.

    Args:
        profile: what to write; its ``digest``, ``signed_by`` and ``key_id`` are ignored.
        folder: a file in it is replaced as a whole.
        data: what it was fitted on, for people.
        data_digest: sha256 of that data, 64 hexadecimal digits.
        figures: what was measured at a threshold, by the table that has the threshold.
        measured: figures of the fit as a whole, to keep beside; nothing decides by them.

    Raises:
        ConfigError: a number is out of range or not finite, the models do not fit together, or there are figures of a
            threshold that there is not.
        StoreError: the folder cannot be written.
    """
    document: dict[str, object] = {
        "name": profile.name,
        "created": profile.created.isoformat(),
        "expires": profile.expires.isoformat(),
        "data": data,
        "data_digest": data_digest,
        **({"measured": dict(measured)} if measured else {}),
    }
    try:
        document |= tables_from_profile(profile)
        for path, found in (figures or {}).items():
            _put_figures(document, path, found)
        archive, sha256 = pack_arrays(arrays_from_profile(profile), _terms_of(document))
        document |= {"arrays": {"file": ARRAYS_FILE, "sha256": sha256}}
        document |= {"digest": digest_of(document, folder)}
        text = toml_text(document)
        ProfileFile.model_validate(document)
    except ValueError as error:
        raise ConfigError(f"the profile cannot be written: {problem_of(error)}", hint="check the fit") from error
    public_folder(folder)
    replace_file(folder / ARRAYS_FILE, archive)
    replace_file(folder / PROFILE_FILE, text.encode())
    return load_profile(folder, environment="development")


def sign_profile(path: Path, signer: Signer, out: Path | None = None) -> ProfileFile:
    """Sign the profile in the folder ``path``, in place of any signature that it has, and return its file.

    It must be whole: as it was written, in range, with its archive. No number is changed.

    Args:
        path: the folder.
        signer: vouches for it from now on.
        out: where the signed profile is written, made where missing; None = ``path``.

    Raises:
        ConfigError: it is no profile.
        TrustError: it or its archive was altered.
        StoreError: the folder cannot be written.
    """
    document = read_document(path)
    file = checked_file(document, path)
    read_arrays(path / file.arrays.file, file.arrays.sha256, file.array_terms)
    document["signature"] = signature_of(document, signer, path)
    signed = checked_file(document, path)
    if out is not None and out.resolve() != path.resolve():
        public_folder(out)
        replace_file(out / file.arrays.file, read_pinned(path / file.arrays.file, file.arrays.sha256))
    replace_file((out or path) / PROFILE_FILE, toml_text(document).encode())
    return signed


def put_table(path: Path, name: str, table: Mapping[str, object], out: Path | None = None) -> ProfileFile:
    """Put one defense's table into the profile in the folder ``path``, which loses its signature by that.

    Args:
        path: the folder.
        name: of the table, such as ``replay``; one that is there is replaced.
        table: its keys, with figures beside thresholds where there are any.
        out: where the profile is written, made where missing; None = ``path``.

    Raises:
        ConfigError: it is no profile, or would be none with that table.
        TrustError: it or its archive was altered.
        StoreError: the folder cannot be written.
    """
    document = read_document(path)
    file = checked_file(document, path)
    archive = read_pinned(path / file.arrays.file, file.arrays.sha256)
    document = {key: value for key, value in document.items() if key not in ("signature", "digest")}
    document[name] = dict(table)
    document["digest"] = digest_of(document, path)
    changed = checked_file(document, path)
    folder = out or path
    public_folder(folder)
    replace_file(folder / file.arrays.file, archive)
    replace_file(folder / PROFILE_FILE, toml_text(document).encode())
    return changed


def _terms_of(document: Mapping[str, object]) -> Mapping[str, ArrayTerms]:
    """Return what a document that is yet without its pins asks of the archive.

    Raises:
        ValueError: it is not a profile's.
    """
    unpinned = {"arrays": {"file": ARRAYS_FILE, "sha256": _NONE_YET}, "digest": _NONE_YET}
    return ProfileFile.model_validate(dict(document) | unpinned).array_terms


def _put_figures(document: dict[str, object], path: TablePath, figures: Figures) -> None:
    """Put ``figures`` beside the threshold at ``path``.

    Raises:
        ValueError: there is no threshold.
    """
    table: object = document
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict) or "threshold" not in table:
        raise ValueError(f"there is no threshold at {'.'.join(path)} to have figures of")
    table["figures"] = figures.model_dump(mode="json", exclude_none=True)
