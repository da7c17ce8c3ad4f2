"""Faces that were drawn: nobody's, each person alike on all pictures, no two pictures the same."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE_PX = 240
_SKINS = ((244, 208, 177), (224, 172, 125), (176, 122, 82), (120, 78, 52), (236, 190, 160), (150, 100, 68))
_HAIRS = ((40, 30, 26), (120, 72, 36), (200, 160, 90), (90, 90, 96), (150, 50, 30), (20, 20, 30))
_CLOTHES = ((60, 90, 140), (150, 60, 70), (70, 120, 90), (180, 140, 60), (100, 80, 130), (90, 90, 90))


@dataclass(frozen=True)
class DrawnPerson:
    """Looks of somebody who does not exist."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    clothes: tuple[int, int, int]
    width_px: int
    hair_px: int
    has_beard: bool

    @staticmethod
    def of(number: int) -> "DrawnPerson":
        return DrawnPerson(
            skin=_SKINS[number % len(_SKINS)],
            hair=_HAIRS[(2 * number + 1) % len(_HAIRS)],
            clothes=_CLOTHES[(number * 3 + 2) % len(_CLOTHES)],
            width_px=50 + 5 * (number % 3),
            hair_px=20 + 14 * (number % 4),
            has_beard=number % 3 == 1,
        )


def draw(person: DrawnPerson, seed: int, *, sticker: bool = False) -> Image.Image:
    """Return one picture, RGB (240, 240): other light, place and mouth with every seed."""
    rng = np.random.default_rng(seed)
    light = float(rng.uniform(0.8, 1.1))

    def lit(color: tuple[int, int, int]) -> tuple[int, int, int]:
        red, green, blue = (min(255, int(part * light)) for part in color)
        return red, green, blue

    ground = int(rng.integers(150, 225))
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), (ground, ground, min(255, ground + 12)))
    pen = ImageDraw.Draw(image)
    x, y = 120 + int(rng.integers(-12, 13)), 118 + int(rng.integers(-8, 9))
    wide, high = person.width_px, 68
    pen.ellipse((x - 95, y + 82, x + 95, y + 230), fill=lit(person.clothes))
    pen.rectangle((x - 18, y + 40, x + 18, y + 95), fill=lit(person.skin))
    pen.ellipse((x - wide - 9, y - high - 16, x + wide + 9, y + person.hair_px), fill=lit(person.hair))
    pen.ellipse((x - wide, y - high, x + wide, y + high), fill=lit(person.skin))
    pen.chord((x - wide - 2, y - high - 8, x + wide + 2, y + 20), 190, 350, fill=lit(person.hair))
    if person.has_beard:
        pen.chord((x - wide, y - high, x + wide, y + high + 2), 25, 155, fill=lit(person.hair))
    look = int(rng.integers(-3, 4))
    for side in (-1, 1):
        eye = x + side * 21
        pen.ellipse((eye - 10, y - 15, eye + 10, y - 2), fill=(250, 250, 248))
        pen.ellipse((eye - 5 + look, y - 14, eye + 5 + look, y - 3), fill=(50, 40, 36))
        pen.line((eye - 11, y - 24, eye + 11, y - 25), fill=lit(person.hair), width=4)
    pen.arc((x - 8, y - 2, x + 8, y + 20), 20, 160, fill=tuple(part // 2 for part in lit(person.skin)), width=3)
    smile = int(rng.integers(6, 15))
    pen.chord((x - 20, y + 30 - smile, x + 20, y + 34 + smile), 10, 170, fill=(170, 70, 76))
    if sticker:
        pen.rectangle((x + 18, y - 52, x + 44, y - 30), fill=(240, 220, 0), outline=(0, 0, 0), width=3)
    return image.filter(ImageFilter.GaussianBlur(0.8))
