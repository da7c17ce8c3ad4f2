"""Reads one picture file of any common kind as 8-bit BGR; refuses what is broken, empty, too small or a bomb."""

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from edge.capture.limits import LEAST_SIDE_PX, MOST_DECODED_PX
from edge.domain.errors import PictureError

# No format outside this list is tried: Pillow also opens some that start other programs (EPS) or fetch files.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
_MOST_FILE_BYTES = 256 * 1024 * 1024
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {  # Exif 2.3, 4.6.4 A, tag 274
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow's decoders are known to raise when they are fed broken bytes.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return the picture in ``path`` as BGR, upright, uint8 (height, width, 3), C-contiguous, owned by the caller.

    EXIF orientation is applied; gray, palette and CMYK become color; transparent parts lie over black, the same as
    the renderer's border; 16 bits a sample keep their upper eight; of an animation the first frame is taken. A color
    profile is ignored.

    Raises:
        PictureError: not there, empty, no picture, truncated, smaller than 16 px, or larger than 64 megapixels by its
            header (nothing is decoded then).
    """
    _check_file(path)
    try:
        # Pillow warns of odd metadata, and of bombs at a limit of its own; ours is lower, checked on the header.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                _check_size(path, image.width, image.height)
                return _to_bgr(_eight_bits(path, _upright(image)))
    except Image.DecompressionBombError as error:
        raise _too_large(path, " (its header is that of a decompression bomb)") from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{path.name} is not a picture that can be read",
            hint="convert it to JPEG or PNG (HEIC and AVIF are not read)",
        ) from error
    except MemoryError as error:
        raise _too_large(path) from error
    except _BROKEN as error:
        raise PictureError(
            f"{path.name} is damaged or incomplete", hint="copy the picture again from where it came from"
        ) from error


def _check_file(path: Path) -> None:
    try:
        is_file, size = path.is_file(), path.stat().st_size
    except OSError as error:
        raise PictureError(f"cannot read {path.name}: {error.strerror}", hint="check the path") from error
    if not is_file:
        raise PictureError(f"{path.name} is not a regular file", hint="name a picture file")
    if size == 0:
        raise PictureError(f"{path.name} is empty (0 bytes)", hint="copy the picture again")
    if size > _MOST_FILE_BYTES:
        raise _too_large(path)


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MOST_DECODED_PX:
        raise _too_large(path, f" ({width} x {height} pixels)")
    if min(width, height) < LEAST_SIDE_PX:
        raise PictureError(
            f"{path.name} is only {width} x {height} pixels",
            hint=f"use a picture of at least {LEAST_SIDE_PX} pixels a side, with a face of 80 or more",
        )


def _too_large(path: Path, size: str = "") -> PictureError:
    return PictureError(
        f"{path.name} is too large{size}", hint=f"shrink it below {MOST_DECODED_PX // 1_000_000} megapixels"
    )


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except _BROKEN:
        orientation = 1  # broken EXIF does not make the picture unreadable
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    image.load()
    return image if turn is None else image.transpose(turn)


def _eight_bits(path: Path, image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise PictureError(f"{path.name} has floating-point pixels", hint="save it with 8 or 16 bits a sample")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise PictureError(f"{path.name} has more than 16 bits a sample", hint="save it with 8 or 16 bits a sample")
    return Image.fromarray((values >> 8).astype(np.uint8))


def _to_bgr(image: Image.Image) -> NDArray[np.uint8]:
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image.convert("RGBA"))
    rgb = np.asarray(image.convert("RGB"))
    return np.ascontiguousarray(rgb[:, :, ::-1])
