import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.visible_text import is_visible, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\u001b[2J"),
        ("a\nhint: b", "a\\u000ahint: b"),
        ("\x7f\x9b", "\\u007f\\u009b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2028", "\\u2028"),
        ("\udce9", "\\udce9"),
        ("\U000e0041", "\\udb40\\udc41"),
    ],
)
def test_what_does_not_show_is_escaped(text: str, shown: str) -> None:
    assert not is_visible(text)
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Zoë Ångström",
        "山田 太郎",
        "\u0645\u06cc\u200c\u062e\u0648",
        "O'Neil \\ [red]",
        "",
        "\U0001f469\u200d\U0001f680",
    ],
)
def test_names_of_people_are_left_as_they_are(text: str) -> None:
    assert is_visible(text)
    assert visible(text) == text


@given(ANY_TEXT)
def test_what_is_shown_shows_and_can_be_encoded(text: str) -> None:
    assert is_visible(visible(text))
    visible(text).encode()


@given(ANY_TEXT)
def test_json_keeps_its_value(text: str) -> None:
    written = visible(json.dumps({"key": text}, ensure_ascii=False))
    assert json.loads(written) == json.loads(json.dumps({"key": text}))
