"""Progress bars on stderr, on a terminal; one line a task elsewhere."""

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edge.domain.visible_text import visible


class RichProgress:
    """Shows one task after the other."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._is_shown = console.is_terminal
        self._is_running = False

    def start(self, label: str, total_bytes: int | None) -> None:
        """Begin a task of ``total_bytes`` units, or of unknown size."""
        if not self._is_shown:
            print(f"{visible(label)} ...", file=sys.stderr, flush=True)
        if not self._is_running:
            self._bar.start()
            self._is_running = True
        self._task = self._bar.add_task(visible(label), total=total_bytes)

    def advance(self, done_bytes: int) -> None:
        """Note that so many units are done since the start."""
        self._bar.update(self._task, completed=done_bytes)

    def finish(self) -> None:
        """End the task."""
        self._bar.remove_task(self._task)
        if not self._bar.tasks:
            self._bar.stop()
            self._is_running = False


def rich_progress() -> RichProgress:
    """Return progress on stderr."""
    return RichProgress()
