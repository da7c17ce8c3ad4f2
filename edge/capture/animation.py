"""Whether a GIF moves: then it is a video."""

from pathlib import Path


def is_animated(path: Path) -> bool:
    """Return whether a GIF file holds more than one frame; a broken one counts as a picture, which then says why."""
    from PIL import Image

    try:
        with Image.open(path, formats=("GIF",)) as image:
            image.seek(1)
    except (OSError, SyntaxError, ValueError, EOFError):
        return False
    return True
