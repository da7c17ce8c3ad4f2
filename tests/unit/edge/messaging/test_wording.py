from hypothesis import given
from hypothesis import strategies as st

from edge.messaging.wording import one_line


def test_it_is_one_line() -> None:
    assert one_line("a\tb\r\n  c\x00d\u2028e") == "a b c d e"


def test_it_is_cut() -> None:
    assert one_line("x" * 500, 10) == "x" * 9 + "…"
    assert one_line("x" * 10, 10) == "x" * 10


def test_undecodable_file_names_survive() -> None:
    assert one_line(b"caf\xe9.png".decode("utf-8", "surrogateescape")) == "caf?.png"


@given(st.text(st.characters(), max_size=300))
def test_it_can_always_be_encoded(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 200
    assert line.isprintable() or not line.encode().isascii()
