"""What the demo prints: for people on stdout, or JSON lines there and the rest on stderr."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.commands.demo.facts import Facts
from edge.commands.demo.result import SceneResult
from edge.commands.demo.scenes import Scene
from edge.commands.demo.words import bare_word, bare_words, event_names, numbers, plain, record_of, shortened, yes_no
from edge.commands.output import print_json
from edge.domain.reasons import Decision
from edge.domain.visible_text import visible

_COLOR = {Decision.GRANTED: "green", Decision.DENIED: "red"}


def shown(text: str) -> str:
    """Return foreign text for the screen: neither the terminal nor rich finds anything in it to obey."""
    return escape(visible(text))


class Screen:
    """Prints as the demo goes.

    Args:
        as_json: True = one JSON object a scene on stdout, and only remarks on stderr.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(file=sys.stderr if as_json else sys.stdout, highlight=False, soft_wrap=True)

    def environment(self) -> None:
        """Say first of all what this is not."""
        self._print("[bold]Edge Gate demo[/]")
        self._print("[bold yellow]environment = development[/]: unsigned thresholds, a door that is not real")

    def note(self, text: str) -> None:
        """Print a remark."""
        self._print(f"[dim]{shown(text)}[/]")

    def facts(self, facts: Facts) -> None:
        """Print what the demo runs with."""
        for name, value in facts.lines:
            self._print(f"{name:9} {shown(value)}")

    def begins(self, number: int, total: int, scene: Scene) -> None:
        """Announce a scene."""
        self._print(f"\n[bold]{number}/{total} {shown(scene.title)}[/]")

    def ended(self, result: SceneResult) -> None:
        """Print how a scene ended."""
        if self._as_json:
            print_json(record_of(result))
        for verdict in result.verdicts:
            color = _COLOR[verdict.decision]
            self._print(f"  [{color}]{verdict.decision.value}[/] ({plain(verdict.reason.value)})")
        if result.anomaly is not None:
            self._print(f"  anomaly: [yellow]{plain(result.anomaly)}[/]")
        if result.scene.fools_bare_facenet and result.bare is not None:
            bare = result.bare
            self._print(
                f"  side by side: a gate with the bare FaceNet alone [bold]{bare_words(bare)}[/] (cosine "
                f"{bare.score:.2f}, it opens from {bare.threshold:.2f}); this gate {result.decision.value} it"
            )
        if result.scene.broker_is_away:
            self._print(f"  broker away: recorded {numbers(result.recorded)}, {result.waiting} events waited")
            self._print(f"  broker back: received {numbers(result.received_sequences)}")
        else:
            self._print(f"  received over MQTT: {event_names(result.received)}")
        for shortcoming in result.shortcomings:
            self._print(f"  [bold red]not as it must be:[/] {shown(shortcoming)}")

    def event(self, result: SceneResult) -> None:
        """Show one event as it was received, long values cut."""
        if not result.received:
            return
        received = result.received[0]
        self._print(f"\n[bold]What the subscriber received[/] in scene {result.scene.name}, its signature checked;")
        self._print(f"long values cut: [cyan]{shown(received.topic)}[/]")
        self._print(f"[dim]{escape(shortened(received.payload))}[/]")

    def summary(self, results: Sequence[SceneResult], written: Sequence[Path]) -> None:
        """Print the table of all scenes and where the pictures are."""
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for header in ("Scene", "Decision", "Reason", "Bare\nFaceNet", "Received\nover MQTT", "As it\nmust"):
            table.add_column(header)
        for result in results:
            color = _COLOR[result.decision]
            table.add_row(
                plain(result.scene.name),
                f"[{color}]{result.decision.value}[/]",
                plain(result.reason.value),
                bare_word(result.bare),
                yes_no(result.is_received),
                "yes" if result.is_as_expected else "[bold red]NO[/]",
            )
        self._console.print()
        self._console.print(table, soft_wrap=False)
        for path in written:
            self._print(f"written {shown(str(path))}")

    def _print(self, text: str) -> None:
        self._console.print(text)
