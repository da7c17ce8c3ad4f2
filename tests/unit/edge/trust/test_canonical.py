import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.errors import TrustError
from edge.trust.canonical import canonical_json, tagged_sha256

_SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
_JSON = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_follows_rfc_8785() -> None:
    value = {"b": [1.0, 1e21, 0.1, -0.0], "a": "€\n", "é": None}
    assert canonical_json(value) == '{"a":"€\\n","b":[1,1e+21,0.1,0],"é":null}'.encode()


@given(st.dictionaries(st.text(), _JSON, max_size=5))
def test_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, b"bytes", {1: 2}, object(), "\ud800"])
def test_refuses_what_has_no_canonical_form(value: object) -> None:
    with pytest.raises(TrustError) as caught:
        canonical_json({"value": value})
    assert caught.value.hint


def test_tagged_hash_is_the_hash_of_tag_nul_and_parts() -> None:
    assert tagged_sha256("tag", b"a", b"b") == hashlib.sha256(b"tag\0ab").digest()
    assert tagged_sha256("tag", b"ab") != tagged_sha256("taga", b"b")


def test_a_tag_holds_no_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        tagged_sha256("a\0b", b"")
