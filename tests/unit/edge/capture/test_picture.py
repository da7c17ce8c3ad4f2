import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.capture.limits import MOST_DECODED_PX
from edge.capture.picture import read_picture
from edge.domain.errors import PictureError


def save(path: Path, image: Image.Image, **how: object) -> Path:
    image.save(path, **how)  # type: ignore[arg-type]  # options of many formats
    return path


def png_bomb(path: Path, side: int) -> Path:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


def test_color_comes_as_bgr(tmp_path: Path) -> None:
    pixels = read_picture(save(tmp_path / "a.png", Image.new("RGB", (40, 30), (200, 100, 50))))
    assert pixels.shape == (30, 40, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.flags.owndata
    assert pixels[0, 0].tolist() == [50, 100, 200]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_kinds_of_color_become_bgr(tmp_path: Path, mode: str) -> None:
    gray = Image.new("RGB", (40, 30), (255, 255, 255)).convert(mode)
    suffix = "jpg" if mode in {"CMYK", "YCbCr"} else "png"
    pixels = read_picture(save(tmp_path / f"a.{suffix}", gray))
    assert pixels.shape == (30, 40, 3)
    assert pixels.min() >= 250


def test_transparent_parts_lie_over_black(tmp_path: Path) -> None:
    image = Image.new("RGBA", (40, 30), (255, 255, 255, 0))
    image.paste((255, 255, 255, 128), (0, 0, 20, 30))
    pixels = read_picture(save(tmp_path / "a.png", image))
    assert pixels[0, 39].tolist() == [0, 0, 0]
    assert abs(int(pixels[0, 0, 0]) - 128) <= 1


def test_a_palette_and_gray_with_transparency(tmp_path: Path) -> None:
    palette = Image.new("P", (40, 30), 1)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    transparent = read_picture(save(tmp_path / "p.png", palette, transparency=1))
    assert not transparent.any()
    gray = read_picture(save(tmp_path / "la.png", Image.new("LA", (40, 30), (200, 255))))
    assert gray[0, 0].tolist() == [200, 200, 200]


def test_sixteen_bits_keep_the_upper_eight(tmp_path: Path) -> None:
    deep = np.full((30, 40), 0x8040, np.uint16)
    for name in ("a.png", "a.tif"):
        pixels = read_picture(save(tmp_path / name, Image.fromarray(deep)))
        assert pixels[0, 0].tolist() == [0x80, 0x80, 0x80]


@pytest.mark.parametrize("deep", [np.full((30, 40), 0.5, np.float32), np.full((30, 40), 1 << 20, np.int32)])
def test_pixels_without_a_known_range_are_refused(tmp_path: Path, deep: np.ndarray[tuple[int, int]]) -> None:
    with pytest.raises(PictureError, match=r"pixels|16 bits"):
        read_picture(save(tmp_path / "a.tif", Image.fromarray(deep)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_picture_comes_upright(tmp_path: Path, orientation: int) -> None:
    upright = np.zeros((48, 32, 3), np.uint8)
    upright[:16, :16] = 255  # white in the top left corner
    undo = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90"}
    undo |= {7: "TRANSVERSE", 8: "ROTATE_270"}
    stored = Image.fromarray(upright)
    if orientation > 1:
        stored = stored.transpose(Image.Transpose[undo[orientation]])
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_picture(save(tmp_path / "a.png", stored, exif=exif))
    assert np.array_equal(pixels, upright)


def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 30), color) for color in ((255, 0, 0), (0, 255, 0))]
    for name in ("a.gif", "a.webp", "a.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100)
        pixels = read_picture(tmp_path / name)
        assert pixels[0, 0, 2] > 240
        assert pixels[0, 0, 1] < 15


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    bomb = png_bomb(tmp_path / "bomb.png", 20_000)
    assert bomb.stat().st_size < 100_000
    with pytest.raises(PictureError, match="too large") as caught:
        read_picture(bomb)
    assert "shrink" in caught.value.hint


def test_so_is_a_smaller_one_that_the_library_would_only_warn_of(tmp_path: Path) -> None:
    side = 10_000
    assert side * side > MOST_DECODED_PX
    with pytest.raises(PictureError, match="10000 x 10000"):
        read_picture(png_bomb(tmp_path / "bomb.png", side))


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 15)])
def test_a_picture_too_small_for_a_face(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match=f"only {size[0]} x {size[1]}"):
        read_picture(save(tmp_path / "a.png", Image.new("RGB", size)))


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(PictureError, match=r"a\.jpg is empty"):
        read_picture(tmp_path / "a.jpg")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tif", "bmp"])
def test_a_truncated_picture(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (80, 80, 3), dtype=np.uint8)
    path = save(tmp_path / f"a.{suffix}", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PictureError) as caught:
        read_picture(path)
    assert caught.value.hint


@pytest.mark.parametrize(
    "content", [b"hello, world", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%!PS-Adobe-3.0 EPSF-3.0\n"]
)
def test_something_that_is_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError):
        read_picture(path)


def test_text_is_called_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello, world")
    with pytest.raises(PictureError, match="not a picture"):
        read_picture(tmp_path / "a.txt")


def test_a_missing_file_a_folder_and_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "gone.png", tmp_path, tmp_path / "pipe"):
        with pytest.raises(PictureError):
            read_picture(path)


def test_broken_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    noise = Image.fromarray(rng.integers(0, 255, (24, 24, 3), dtype=np.uint8))
    for suffix in ("jpg", "png", "gif", "tif", "webp", "bmp"):
        whole = save(tmp_path / f"whole.{suffix}", noise).read_bytes()
        broken = tmp_path / f"broken.{suffix}"
        for _ in range(40):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), 6):
                data[place] = int(rng.integers(0, 256))
            broken.write_bytes(data)
            try:
                assert read_picture(broken).dtype == np.uint8
            except PictureError as error:
                assert error.hint  # noqa: PT017 - either outcome is right
