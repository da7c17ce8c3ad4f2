import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.errors import TrustError
from edge.trust.signing import SIGNATURE_BYTES, Signer, is_small_order, verify

_SEED = bytes(range(32))
_SIGNER = Signer(_SEED)


def test_a_signature_holds_for_its_body_and_context() -> None:
    signature = _SIGNER.sign(b'{"a":1}', context="egate-event-v1")
    assert len(signature) == SIGNATURE_BYTES
    verify(b'{"a":1}', signature, public_key=_SIGNER.public_key, context="egate-event-v1")


@given(body=st.binary(max_size=40), at=st.integers(0, SIGNATURE_BYTES - 1), flip=st.integers(1, 255))
def test_an_altered_signature_does_not_hold(body: bytes, at: int, flip: int) -> None:
    signature = bytearray(_SIGNER.sign(body, context="c"))
    signature[at] ^= flip
    with pytest.raises(TrustError):
        verify(body, bytes(signature), public_key=_SIGNER.public_key, context="c")


@pytest.mark.parametrize(
    ("body", "context", "public_key"),
    [
        (b"other", "event", _SIGNER.public_key),
        (b"body", "command", _SIGNER.public_key),
        (b"body", "event", Signer(bytes(32)).public_key),
        (b"body", "event", b"short"),
    ],
)
def test_another_body_context_or_key_is_refused_with_a_hint(body: bytes, context: str, public_key: bytes) -> None:
    signature = _SIGNER.sign(b"body", context="event")
    with pytest.raises(TrustError) as caught:
        verify(body, signature, public_key=public_key, context=context)
    assert caught.value.hint
    assert caught.value.exit_code == 4


def test_context_cannot_run_into_the_body() -> None:
    signature = _SIGNER.sign(b"b", context="a")
    with pytest.raises(TrustError):
        verify(b"", signature, public_key=_SIGNER.public_key, context="ab")
    with pytest.raises(ValueError, match="NUL"):
        _SIGNER.sign(b"", context="a\0b")
    with pytest.raises(ValueError, match="context"):
        _SIGNER.sign(b"", context="")


def test_key_id_names_the_public_key_and_repr_shows_no_more() -> None:
    assert _SIGNER.key_id == hashlib.sha256(_SIGNER.public_key).hexdigest()[:16]
    assert repr(_SIGNER) == f"Signer({_SIGNER.key_id})"


_SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize("key", _SMALL_ORDER)
def test_a_key_of_small_order_is_known_and_anybody_signs_for_it(key: str) -> None:
    public_key = bytes.fromhex(key)
    assert is_small_order(public_key)
    forged = b"\x01" + bytes(63)  # R is the neutral point, S is zero
    accepted = 0
    for number in range(200):
        with contextlib.suppress(TrustError):
            verify(b"%d" % number, forged, public_key=public_key, context="c")
            accepted += 1
    assert accepted > 0


@given(seed=st.binary(min_size=32, max_size=32))
def test_no_signers_key_is_of_small_order(seed: bytes) -> None:
    assert not is_small_order(Signer(seed).public_key)


@pytest.mark.parametrize("above", [0, 1])
def test_another_encoding_of_a_small_order_is_known(above: int) -> None:
    assert is_small_order((2**255 - 19 + above).to_bytes(32, "little"))
