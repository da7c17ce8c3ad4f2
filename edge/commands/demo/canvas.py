"""Cards, pills and text on a dark ground, with the font that Pillow brings along."""

from functools import lru_cache
from typing import Final, Literal

from PIL import Image, ImageDraw, ImageFont

from edge.commands.demo.annotate import Color

GROUND: Final[Color] = (16, 20, 30)
CARD: Final[Color] = (29, 36, 51)
EDGE: Final[Color] = (62, 73, 98)
TEXT: Final[Color] = (236, 240, 247)
MUTED: Final[Color] = (156, 167, 187)

_RADIUS = 14
_PILL_MARGIN = (14, 7)


class Canvas:
    """A picture that is drawn once, left to right and top to bottom; pixels throughout."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height), GROUND)
        self._draw = ImageDraw.Draw(self.image)

    def card(self, left: int, top: int, width: int, height: int) -> None:
        """Draw the ground of a card."""
        self._draw.rounded_rectangle((left, top, left + width, top + height), _RADIUS, fill=CARD)

    def picture(self, picture: Image.Image, left: int, top: int) -> None:
        """Paste a picture, with a thin line around it: black ones would not show."""
        self.image.paste(picture, (left, top))
        self._draw.rectangle((left, top, left + picture.width - 1, top + picture.height - 1), outline=EDGE)

    def text(self, place: tuple[int, int], text: str, size: int, color: Color = TEXT, *, bold: bool = False) -> None:
        """Write one line, its top left at ``place``. The font has no arrows and no dashes beyond the hyphen."""
        stroke = 0.6 if bold else 0
        self._draw.text(place, text, font=_font(size), fill=color, stroke_width=stroke, stroke_fill=color)

    def pill(self, place: tuple[int, int], text: str, size: int, color: Color, *, from_right: bool = False) -> int:
        """Write ``text`` on a pill of ``color`` and return its right edge; ``place`` is its top left or top right."""
        across, down = _PILL_MARGIN
        left, top = place
        width = 2 * across + round(_font(size).getlength(text))
        left -= width if from_right else 0
        right = left + width
        box = (left, top, right, top + size + 2 * down)
        self._draw.rounded_rectangle(box, (size + 2 * down) // 2, fill=color)
        middle: Literal["mm"] = "mm"
        center = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        self._draw.text(
            center, text, font=_font(size), fill=GROUND, anchor=middle, stroke_width=0.5, stroke_fill=GROUND
        )
        return right


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
