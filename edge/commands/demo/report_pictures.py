"""The report's pictures, inline, each with words for those who do not see it."""

import base64
import io
from html import escape

from edge.commands.demo.annotate import DENIED, GRANTED, WARNING, Color, annotated
from edge.commands.demo.result import SceneResult
from edge.commands.demo.words import bare_words, plain
from edge.domain.reasons import Decision

_SIZE = (640, 480)
_QUALITY = 82


def figures(result: SceneResult) -> str:
    """Return a scene's figure; two of them where the bare FaceNet stands beside the gate."""
    color = GRANTED if result.decision is Decision.GRANTED else DENIED
    words = f"{result.decision.value}: {plain(result.reason.value)}"
    if not (result.scene.fools_bare_facenet and result.bare is not None):
        return _figure(result, color, words)
    bare = f"A gate with the bare FaceNet alone {bare_words(result.bare)}"
    return f"{_figure(result, WARNING, bare)}\n{_figure(result, color, f'This gate: {words}')}"


def _figure(result: SceneResult, color: Color, words: str) -> str:
    encoded = io.BytesIO()
    annotated(result.shot, color, _SIZE).save(encoded, "JPEG", quality=_QUALITY)
    data = base64.b64encode(encoded.getvalue()).decode("ascii")
    face = "the face is framed" if result.shot.face is not None else "no face was seen"
    alt = escape(f"{result.scene.title}; camera frame, {face}. {words}.", quote=True)
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" width="{_SIZE[0]}" height="{_SIZE[1]}" alt="{alt}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )
