import pytest

from edge.domain.errors import UsageError
from edge.domain.label import MOST_NAME_CHARACTERS, check_name, check_note


@pytest.mark.parametrize(
    "name", ["Ada", "Zoë Ångström", "山田 太郎", "\u0645\u06cc\u200c\u062e\u0648", "x" * MOST_NAME_CHARACTERS]
)
def test_names(name: str) -> None:
    assert check_name(name) == name
    assert check_note(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " \t",
        "x" * (MOST_NAME_CHARACTERS + 1),
        "A\x1b[31mda",
        "Ada\nroot",
        "Ada\x00",
        "Ada\x7f",
        "\u202eadA",
        "Ada\u2066x\u2069",
        "Ada\u200e",
        "Ad\u00ada",
        "caf\udce9",
    ],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name(name)
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_note_may_be_longer_but_not_endless() -> None:
    assert check_note("x" * 2_000)
    with pytest.raises(UsageError):
        check_note("x" * 2_001)
