"""The contact sheet."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from edge.commands.demo.annotate import DENIED, GRANTED, WARNING, annotated
from edge.commands.demo.facts import Facts
from edge.commands.demo.result import SceneResult
from edge.commands.demo.sheet import sheet_png
from tests.support.demo_results import a_shot


def colors_of(picture: Image.Image) -> set[object]:
    found = picture.convert("RGB").getcolors(picture.width * picture.height)
    assert found is not None
    return {color for _, color in found}


def test_the_sheet_shows_all_scenes_in_two_rows(good_results: tuple[SceneResult, ...], facts: Facts) -> None:
    with Image.open(io.BytesIO(sheet_png(good_results, facts))) as sheet:
        assert sheet.format == "PNG"
        assert 2000 < sheet.width < 2400
        assert 900 < sheet.height < 1200
        assert {GRANTED, DENIED, WARNING} <= colors_of(sheet)


@pytest.mark.parametrize(("name", "color"), [("enrolled_person", GRANTED), ("stranger", DENIED)])
def test_a_decision_has_its_color(
    make_result: Callable[..., SceneResult], facts: Facts, name: str, color: tuple[int, int, int]
) -> None:
    with Image.open(io.BytesIO(sheet_png([make_result(name)], facts))) as sheet:
        assert color in colors_of(sheet)
        assert ({GRANTED, DENIED} - {color}).isdisjoint(colors_of(sheet))


def test_a_scene_that_went_otherwise_is_marked(make_result: Callable[..., SceneResult], facts: Facts) -> None:
    good, bad = make_result("broker_away"), make_result("broker_away", waiting=0)
    with Image.open(io.BytesIO(sheet_png([good], facts))) as sheet:
        assert DENIED not in colors_of(sheet)
    with Image.open(io.BytesIO(sheet_png([bad], facts))) as sheet:
        assert DENIED in colors_of(sheet)


def test_the_face_is_framed_where_it_is() -> None:
    picture = annotated(a_shot(), DENIED, (320, 240))
    assert picture.size == (320, 240)
    assert picture.getpixel((81, 120)) == DENIED
    assert picture.getpixel((130, 120)) == (90, 90, 90)
    assert DENIED not in colors_of(annotated(a_shot(has_face=False), DENIED, (320, 240)))
