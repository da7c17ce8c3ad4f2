"""Picture files, as enrollment, ``watch`` and training read them."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from edge.capture.limits import LEAST_SIDE_PX, MOST_DECODED_PX
from edge.capture.picture import read_picture
from redteam.fuzzing.mutate import mutated
from redteam.fuzzing.target import Target, promise

_SIDE_PX = 24
_MODES = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "RGBA", "P", "LA", "1", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "BMP": ("RGB", "P"),
    "TIFF": ("RGB", "CMYK", "F", "I;16", "1"),
    "GIF": ("P", "L"),
    "PPM": ("RGB", "L"),
}


def _pictures() -> list[bytes]:
    """Return a small picture of every format and mode, some with EXIF, compression or a second frame."""
    noise = np.random.default_rng(1).integers(0, 256, (_SIDE_PX, _SIDE_PX, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    made = [_saved(_as_mode(picture, mode), format_) for format_, modes in _MODES.items() for mode in modes]
    exif = Image.Exif()
    exif[0x0112] = 6
    made.append(_saved(picture, "JPEG", exif=exif.tobytes(), progressive=True))
    made.extend(_saved(picture, "TIFF", compression=how) for how in ("tiff_lzw", "tiff_adobe_deflate", "packbits"))
    made.append(_saved(picture.convert("P"), "GIF", save_all=True, append_images=[picture.convert("P")]))
    return made


def _as_mode(picture: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    return picture.convert(mode)


def _saved(picture: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def _prepare(folder: Path) -> Callable[[bytes], None]:
    file = folder / "picture"

    def run(data: bytes) -> None:
        file.write_bytes(data)
        pixels = read_picture(file)
        height, width, channels = pixels.shape
        promise(pixels.dtype == np.uint8 and channels == 3, "a picture is no 8-bit BGR")
        promise(min(height, width) >= LEAST_SIDE_PX, "a picture is smaller than any that is taken")
        promise(height * width <= MOST_DECODED_PX, "a picture is larger than any that is taken")
        promise(pixels.flags.c_contiguous and pixels.flags.owndata, "a picture is not the caller's own")

    return run


PICTURES = Target(
    name="pictures",
    corpus=_pictures,
    prepare=_prepare,
    mutations=(mutated,),
    most_cpu_s=20.0,
    most_growth_mib=1_536,  # 64 megapixels with transparency: three pictures of four bytes a pixel, and one of three
)
