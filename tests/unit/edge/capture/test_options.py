import pytest

from edge.capture.options import Parsers, on_off, parse_options, size_px
from edge.domain.errors import UsageError

PARSERS: Parsers = {"fps": int, "size": size_px, "verify": on_off}


def test_values_are_typed() -> None:
    values = parse_options("fps=25&size=640x480&verify=off", PARSERS, what="it")
    assert values == {"fps": 25, "size": (640, 480), "verify": False}
    assert parse_options("", PARSERS, what="it") == {}


BAD_NUMBERS = ["fps", "fps=", "fps=x", "fps=1&fps=2", "zoom=1", "&", "=1", "verify=maybe"]
BAD_SIZES = ["size=640", "size=0x0", "size=-1x5", "size=640x99999", "size=٣٢0x240"]


@pytest.mark.parametrize("text", [*BAD_NUMBERS, *BAD_SIZES])
def test_anything_else_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_options(text, PARSERS, what="it")
    assert caught.value.hint
