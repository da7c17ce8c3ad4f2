"""The contact sheet: every scene's frame with its face, the decision in words and color, and why."""

import io
from collections.abc import Sequence
from typing import Final

from edge.commands.demo.annotate import DENIED, GRANTED, WARNING, annotated
from edge.commands.demo.canvas import MUTED, TEXT, Canvas
from edge.commands.demo.facts import Facts
from edge.commands.demo.result import BareVerdict, SceneResult
from edge.commands.demo.scenes import ENROLLED_NAME, STRANGER_NAME
from edge.commands.demo.words import bare_words, event_names, numbers, plain
from edge.domain.reasons import Decision

_COLUMNS: Final = 5
_PICTURE: Final = (392, 294)
_PADDING: Final = 16
_CARD: Final = (_PICTURE[0] + 2 * _PADDING, 452)
_GAP: Final = 20
_MARGIN: Final = 28
_HEADER: Final = 104
_FOOTER: Final = 64
_PICTURE_TOP: Final = 58
_BELOW: Final = _PICTURE_TOP + _PICTURE[1] + 16

Place = tuple[int, int]


def sheet_png(results: Sequence[SceneResult], facts: Facts) -> bytes:
    """Return the sheet as a PNG."""
    places, rows = _places(results)
    width = 2 * _MARGIN + _COLUMNS * _CARD[0] + (_COLUMNS - 1) * _GAP
    height = _HEADER + rows * (_CARD[1] + _GAP) + _FOOTER
    canvas = Canvas(width, height)
    canvas.text((_MARGIN, 24), "Edge Gate: seven scenes at a door", 34, bold=True)
    canvas.text((_MARGIN, 68), f"edge-gate demo {facts.gate_version}, {facts.played}", 17, MUTED)
    canvas.pill((width - _MARGIN, 34), f"environment = {facts.environment}", 18, WARNING, from_right=True)
    for number, (result, place) in enumerate(zip(results, places, strict=True), start=1):
        _card(canvas, place, number, result)
    below = height - _FOOTER + 4
    canvas.text((_MARGIN, below), f"Models: {facts.models}. Broker: {facts.broker}.", 16, MUTED)
    credit = f"Portraits: {ENROLLED_NAME} (NASA) and {STRANGER_NAME} (United States Navy), both public domain."
    canvas.text((_MARGIN, below + 24), credit, 16, MUTED)
    encoded = io.BytesIO()
    canvas.image.save(encoded, "PNG", optimize=True)
    return encoded.getvalue()


def _is_wide(result: SceneResult) -> bool:
    return result.scene.fools_bare_facenet or result.scene.broker_is_away


def _places(results: Sequence[SceneResult]) -> tuple[list[Place], int]:
    """Return the top left of each card and how many rows there are; wide cards take two columns."""
    places, column, row = [], 0, 0
    for result in results:
        span = 2 if _is_wide(result) else 1
        if column + span > _COLUMNS:
            column, row = 0, row + 1
        places.append((_MARGIN + column * (_CARD[0] + _GAP), _HEADER + row * (_CARD[1] + _GAP)))
        column += span
    return places, row + 1


def _card(canvas: Canvas, place: Place, number: int, result: SceneResult) -> None:
    left, top = place
    is_wide = _is_wide(result)
    canvas.card(left, top, _CARD[0] * (1 + is_wide) + _GAP * is_wide, _CARD[1])
    canvas.text((left + _PADDING, top + 18), f"{number}  {result.scene.title}", 19, bold=True)
    first, second = left + _PADDING, left + _CARD[0] + _GAP + _PADDING
    if result.scene.fools_bare_facenet and result.bare is not None:
        _bare_half(canvas, (first, top), result, result.bare)
        _gate_half(canvas, (second, top), result, "This gate")
    else:
        _gate_half(canvas, (first, top), result)
    if result.shot.face is None:
        canvas.text((first + 14, top + _PICTURE_TOP + _PICTURE[1] - 30), "the frame is this dark", 15, MUTED)
    if result.scene.broker_is_away:
        _broker_half(canvas, (second, top), result)


def _gate_half(canvas: Canvas, place: Place, result: SceneResult, whose: str = "") -> None:
    left, top = place
    is_granted = result.decision is Decision.GRANTED
    color = GRANTED if is_granted else DENIED
    canvas.picture(annotated(result.shot, color, _PICTURE), left, top + _PICTURE_TOP)
    if whose:
        canvas.pill((left + 10, top + _PICTURE_TOP + 10), whose, 16, TEXT)
    right = canvas.pill((left, top + _BELOW), result.decision.value.upper(), 19, color)
    canvas.text((right + 12, top + _BELOW + 6), plain(result.reason.value), 19)
    below = top + _BELOW + 44
    canvas.text((left, below), f"received over MQTT: {event_names(result.received)}", 15, MUTED)
    if not result.is_as_expected:
        canvas.text((left, below + 20), "NOT AS IT MUST BE", 15, DENIED, bold=True)


def _bare_half(canvas: Canvas, place: Place, result: SceneResult, bare: BareVerdict) -> None:
    left, top = place
    canvas.picture(annotated(result.shot, WARNING, _PICTURE), left, top + _PICTURE_TOP)
    canvas.pill((left + 10, top + _PICTURE_TOP + 10), "A gate with the bare FaceNet alone", 16, TEXT)
    right = canvas.pill((left, top + _BELOW), bare_words(bare).upper(), 19, WARNING)
    canvas.text((right + 12, top + _BELOW + 6), f"for {ENROLLED_NAME}" if bare.accepts else "", 19)
    compared = f"cosine {bare.score:.2f}, it opens from {bare.threshold:.2f}"
    canvas.text((left, top + _BELOW + 44), compared, 15, MUTED)


def _broker_half(canvas: Canvas, place: Place, result: SceneResult) -> None:
    left, top = place
    top += _PICTURE_TOP
    steps = (
        ("Broker stopped", "The gate goes on deciding.", WARNING),
        (f"Recorded {numbers(result.recorded)}", f"{result.waiting} signed events wait in the outbox.", WARNING),
        ("Broker back", "The subscriber listens again.", GRANTED),
        (f"Received {numbers(result.received_sequences)}", "Nothing lost, in order.", GRANTED),
    )
    if not result.is_as_expected:
        steps = (*steps[:3], (f"Received {numbers(result.received_sequences)}", "Not as it must be.", DENIED))
    for index, (title, detail, color) in enumerate(steps):
        down = top + 18 + index * 70
        canvas.pill((left, down), str(index + 1), 17, color)
        canvas.text((left + 52, down - 2), title, 20)
        canvas.text((left + 52, down + 24), detail, 15, MUTED)
