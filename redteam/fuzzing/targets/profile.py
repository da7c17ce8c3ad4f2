"""The calibration profile and its archive."""

import hashlib
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

from edge.domain.errors import EdgeError
from edge.trust.array_archive import read_arrays
from edge.trust.development_key import DEVELOPMENT_PUBLIC_KEY
from edge.trust.profile import load_profile, read_profile_file
from edge.trust.profile_document import PROFILE_FILE, digest_of, signed_body
from edge.trust.profile_writing import ARRAYS_FILE
from edge.trust.toml_text import toml_text
from redteam.fuzzing.mutate import mutated, mutated_toml
from redteam.fuzzing.target import Target, promise
from redteam.fuzzing.targets.examples import SIGNER, choice_of

_DEFAULT = Path(__file__).parents[3] / "calibration" / "profiles" / "default"
_DIGEST = re.compile(rb'^digest = "[0-9a-f]{64}"$', re.MULTILINE)


def _prepare_profile(folder: Path) -> Callable[[bytes], None]:
    shutil.copy(_DEFAULT / ARRAYS_FILE, folder / ARRAYS_FILE)
    original = signed_body(tomllib.loads((_DEFAULT / PROFILE_FILE).read_text("utf-8")), _DEFAULT)

    def run(data: bytes) -> None:
        """For production, where only a signed one serves, and pinned anew for development, so that all is read."""
        is_production = choice_of(data, 2) == 0
        (folder / PROFILE_FILE).write_bytes(data if is_production else _pinned_anew(data, folder))
        keys = (SIGNER.public_key, DEVELOPMENT_PUBLIC_KEY)
        profile = load_profile(
            folder, environment="production" if is_production else "development", trusted_keys=keys
        )
        promise(not is_production, "a profile serves in production that no key of the site signed")
        if profile.key_id:
            document = tomllib.loads((folder / PROFILE_FILE).read_text("utf-8"))
            promise(signed_body(document, folder) == original, "a profile counts as signed that nobody signed")

    return run


def _pinned_anew(data: bytes, folder: Path) -> bytes:
    try:
        document = tomllib.loads(data.decode())
        return _DIGEST.sub(f'digest = "{digest_of(document, folder)}"'.encode(), data)
    except (ValueError, RecursionError, EdgeError):
        return data


def _profiles() -> list[bytes]:
    """Return the default profile, and the same without signature and figures, so that all of it is read."""
    signed = (_DEFAULT / PROFILE_FILE).read_bytes()
    document = {k: v for k, v in tomllib.loads(signed.decode()).items() if k not in {"signature", "measured"}}
    return [signed, toml_text(document | {"digest": digest_of(document, _DEFAULT)}).encode()]


def _prepare_arrays(folder: Path) -> Callable[[bytes], None]:
    terms = read_profile_file(_DEFAULT).array_terms
    file = folder / ARRAYS_FILE

    def run(data: bytes) -> None:
        """Pinned anew, as whoever may write both files can."""
        file.write_bytes(data)
        arrays = read_arrays(file, hashlib.sha256(data).hexdigest(), terms)
        promise(arrays.keys() == terms.keys(), "an archive holds other arrays than were asked for")

    return run


def _archive_of_little() -> list[bytes]:
    """Return the default archive with its arrays cut down: the shape of the file is what is fuzzed, not its bulk."""
    import numpy as np

    from edge.trust.array_archive import pack_arrays

    terms = read_profile_file(_DEFAULT).array_terms
    little = {name: np.ones([2] * term.dimensions, dtype=term.dtype) for name, term in terms.items()}
    return [pack_arrays(little, terms)[0]]


PROFILE = Target(
    name="profile",
    corpus=_profiles,
    prepare=_prepare_profile,
    mutations=(mutated, mutated_toml),
    most_cpu_s=10.0,
)
ARRAYS = Target(name="arrays", corpus=_archive_of_little, prepare=_prepare_arrays, mutations=(mutated,))
