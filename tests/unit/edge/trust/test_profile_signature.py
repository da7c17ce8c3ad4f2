"""Who vouches for a profile, and that nobody else can change a byte of it."""

import contextlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.domain.errors import ConfigError, TrustError
from edge.domain.profile import Profile, SignedBy
from edge.trust.development_key import DEVELOPMENT_PUBLIC_KEY, UNSAFE_DEVELOPMENT_SEED, development_signer
from edge.trust.profile import load_profile, read_profile_file
from edge.trust.profile_document import PROFILE_FILE
from edge.trust.profile_writing import ARRAYS_FILE, sign_profile
from edge.trust.signing import Signer
from edge.trust.toml_text import toml_text
from tests.support.profile_files import put, read_toml

OURS, THEIRS = Signer(bytes(range(32))), Signer(bytes(range(1, 33)))
PRODUCTION, DEVELOPMENT = "production", "development"

Dump = Callable[[Profile], Profile]


@pytest.fixture
def signed(profile: Profile, folder: Path, dump: Dump) -> Path:
    dump(profile)
    sign_profile(folder, OURS)
    return folder


def load(folder: Path, environment: str = PRODUCTION, keys: tuple[bytes, ...] = (OURS.public_key,)) -> Profile:
    return load_profile(folder, environment=environment, trusted_keys=keys)


@pytest.mark.parametrize("environment", [PRODUCTION, DEVELOPMENT, "staging", ""])
def test_a_profile_that_a_trusted_key_signed_serves_everywhere(signed: Path, environment: str) -> None:
    profile = load(signed, environment, (THEIRS.public_key, OURS.public_key))
    assert profile.signed_by is SignedBy.TRUSTED_KEY
    assert profile.key_id == OURS.key_id


def test_signing_changes_no_number_and_no_digest(profile: Profile, folder: Path, dump: Dump) -> None:
    before = dump(profile)
    text = read_toml(folder)
    sign_profile(folder, OURS)
    after = read_toml(folder)
    assert after.pop("signature") == {"key_id": OURS.key_id, "value": read_profile_file(folder).signature.value}  # type: ignore[union-attr] # just signed
    assert after == text
    assert load(folder).digest == before.digest


def test_another_signature_takes_the_place_of_the_first(signed: Path) -> None:
    sign_profile(signed, THEIRS)
    with pytest.raises(TrustError, match="not trusted"):
        load(signed)
    assert load(signed, keys=(THEIRS.public_key,)).key_id == THEIRS.key_id


def test_a_signed_copy_leaves_the_original_as_it_is(signed: Path, tmp_path: Path) -> None:
    before = (signed / PROFILE_FILE).read_bytes()
    sign_profile(signed, THEIRS, tmp_path / "copy")
    assert (signed / PROFILE_FILE).read_bytes() == before
    assert load(tmp_path / "copy", keys=(THEIRS.public_key,)).digest == load(signed).digest


@pytest.mark.parametrize("environment", [PRODUCTION, "staging", "", "Development"])
def test_unsigned_is_for_development_alone(profile: Profile, folder: Path, dump: Dump, environment: str) -> None:
    dump(profile)
    with pytest.raises(TrustError, match="not signed") as caught:
        load(folder, environment)
    assert caught.value.exit_code == 4
    assert "calibrate sign" in caught.value.hint
    assert load(folder, DEVELOPMENT).signed_by is SignedBy.NOBODY


@pytest.mark.parametrize("keys", [(), (DEVELOPMENT_PUBLIC_KEY,), (OURS.public_key, DEVELOPMENT_PUBLIC_KEY)])
def test_the_development_key_is_for_development_alone_even_where_it_is_listed(
    signed: Path, keys: tuple[bytes, ...]
) -> None:
    sign_profile(signed, development_signer())
    assert load(signed, DEVELOPMENT, keys).signed_by is SignedBy.DEVELOPMENT_KEY
    for environment in (PRODUCTION, "staging", ""):
        with pytest.raises(TrustError, match="everybody") as caught:
            load(signed, environment, keys)
        assert "trust.profile_keys" in caught.value.hint


def test_the_development_key_is_the_published_one() -> None:
    assert len(UNSAFE_DEVELOPMENT_SEED) == 32
    assert Signer(UNSAFE_DEVELOPMENT_SEED).public_key == DEVELOPMENT_PUBLIC_KEY


@pytest.mark.parametrize("environment", [PRODUCTION, DEVELOPMENT])
@pytest.mark.parametrize("keys", [(), (THEIRS.public_key,), (bytes(32),)])
def test_a_key_that_is_not_trusted_is_refused_everywhere(
    signed: Path, environment: str, keys: tuple[bytes, ...]
) -> None:
    with pytest.raises(TrustError, match=f"signed by the key {OURS.key_id}, which is not trusted") as caught:
        load(signed, environment, keys)
    assert caught.value.exit_code == 4
    assert "trust.profile_keys" in caught.value.hint


@pytest.mark.parametrize("environment", [PRODUCTION, DEVELOPMENT])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("detector/threshold", 0.1),
        ("match/threshold", 0.40),
        ("match/self/sface-2021dec/genuine_high", 0.7),
        ("squeeze/sface-2021dec/median3/threshold", 1.0),
        ("gallery/most_people", 10_000),
        ("expires", "2099-01-01T00:00:00+00:00"),
        ("arrays/sha256", "0" * 64),
        ("models/sface-2021dec/model_digest", "0" * 64),
        ("match/figures", {"far": 0.0}),
        ("measured", {"far": 0.0}),
        ("data", "something else"),
        ("name", "other"),
    ],
)
def test_whoever_pins_an_altered_profile_anew_still_lacks_the_key(
    signed: Path, environment: str, path: str, value: object
) -> None:
    put(signed, path, value)
    with pytest.raises(TrustError, match="does not hold") as caught:
        load(signed, environment)
    assert caught.value.exit_code == 4


def test_who_says_that_the_development_key_signed_is_not_believed(signed: Path) -> None:
    put(signed, "signature/key_id", development_signer().key_id)
    with pytest.raises(TrustError, match="does not hold"):
        load(signed, DEVELOPMENT)


def test_without_its_signature_it_is_unsigned_again(signed: Path) -> None:
    document = read_toml(signed)
    del document["signature"]
    (signed / PROFILE_FILE).write_text(toml_text(document))
    with pytest.raises(TrustError, match="not signed"):
        load(signed)


def test_the_signature_of_an_event_or_of_another_profile_is_none(signed: Path, tmp_path: Path) -> None:
    other = OURS.sign(b"{}", context="egate-event-v1").hex()
    put(signed, "signature/value", other)
    with pytest.raises(TrustError, match="does not hold"):
        load(signed)


@pytest.mark.parametrize("name", [PROFILE_FILE, ARRAYS_FILE])
def test_one_flipped_byte_anywhere_is_refused_or_no_part_of_what_was_signed(signed: Path, name: str) -> None:
    """White space, comments and another spelling of the same value are no part of the canonical form."""
    before, path = load(signed), signed / name
    content = path.read_bytes()
    rng = random.Random(20261124)
    flips = [(place, 1 << rng.randrange(8)) for place in range(len(content))]
    flips += [(rng.randrange(len(content)), rng.randrange(1, 256)) for _ in range(300)]
    passed = set()
    for place, mask in flips:
        path.write_bytes(content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :])
        with contextlib.suppress(ConfigError, TrustError):
            after = load(signed)
            assert (after.digest, after.match, after.expires) == (before.digest, before.match, before.expires)
            passed.add(content[place : place + 1])
    assert passed <= {b" ", b"\n", b"0", b"e", b"#"}, passed
    if name == ARRAYS_FILE:
        assert not passed


def test_a_comment_may_be_added(signed: Path) -> None:
    path = signed / PROFILE_FILE
    path.write_text("# looked at by both of us\n\n" + path.read_text().replace(" = ", "  =  "))
    assert load(signed).signed_by is SignedBy.TRUSTED_KEY


@pytest.mark.parametrize("name", [PROFILE_FILE, ARRAYS_FILE])
def test_what_was_altered_is_not_signed(signed: Path, name: str) -> None:
    path = signed / name
    path.write_bytes(path.read_bytes().replace(b"0.8", b"0.7") if name == PROFILE_FILE else b"other")
    before = (signed / PROFILE_FILE).read_bytes()
    with pytest.raises(TrustError):
        sign_profile(signed, OURS)
    assert (signed / PROFILE_FILE).read_bytes() == before


def test_what_is_no_profile_is_not_signed(signed: Path) -> None:
    put(signed, "detector/threshold", 7.5)
    with pytest.raises(ConfigError):
        sign_profile(signed, OURS)
