import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.trust.toml_text import toml_text

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_PLAIN = _TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_DOCUMENT = st.dictionaries(
    _TEXT,
    st.recursive(
        _PLAIN | st.lists(_PLAIN, max_size=3),
        lambda inner: st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(_DOCUMENT)
def test_what_is_written_is_read_back(document: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(document)) == document


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), object(), [None]])
def test_a_value_without_toml_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no TOML form"):
        toml_text({"key": value})
