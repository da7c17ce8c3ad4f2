"""Which lines of code an input reached: what makes the fuzzer keep it."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import PIL

ROOT = Path(__file__).parents[2]
OURS = tuple(f"{ROOT / name}/" for name in ("edge", "engines", "calibration", "training"))
_PACKAGES = (*OURS, f"{Path(PIL.__file__).parent}/")  # Pillow's own readers of formats, too

Line = tuple[str, int]


def lines_of(call: Callable[[], None]) -> set[Line]:
    """Run ``call`` on this thread and return the lines of code that it reached, even if it raises."""
    reached: set[Line] = set()

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return on_line

    def on_call(frame: FrameType, _: str, __: Any) -> Any:
        return on_line if frame.f_code.co_filename.startswith(_PACKAGES) else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        call()
    except BaseException as error:
        error.__dict__["reached"] = reached
        raise
    finally:
        sys.settrace(before)
    return reached
