"""The picture strips as HTML: what the camera saw, what the attacker changed, and what each stage said of it."""

import base64
from collections.abc import Iterator

import cv2

from calibration.page.text import shown, terms
from edge.domain.errors import StoreError
from edge.domain.profile import MatchPoint
from redteam.report.strips import Pixels, Strip
from redteam.report.tables import budget_words, terms_words


def figure_of(strip: Strip, match: MatchPoint) -> str:
    """Return a strip.

    Args:
        strip: what to show.
        match: the thresholds that scores are told beside.

    Raises:
        StoreError: a picture cannot be encoded.
    """
    row = strip.row
    title = f"{row.attacker.value} {row.attack}, {budget_words(row)}, {row.goal.value}; knows {terms_words(row)}"
    told = terms(_said(strip, match))
    return f"""<section>
<h3>{shown(title)}</h3>
<div class="pictures">
{_pictures(strip)}
<dl>
{told}
</dl>
</div>
</section>"""


def _pictures(strip: Strip) -> str:
    named = (
        ("clean", strip.clean),
        ("change x 10, around gray 128", strip.perturbation),
        ("attacked", strip.attacked),
    )
    every = [_picture(pixels, words) for words, pixels in named if pixels is not None]
    return "\n".join(every) or "<p>Its picture cannot be read.</p>"


def _picture(pixels: Pixels, words: str) -> str:
    is_encoded, png = cv2.imencode(".png", pixels)
    if not is_encoded:
        raise StoreError("a picture of the report cannot be encoded", hint="free memory and try again")
    data = base64.b64encode(png.tobytes()).decode("ascii")
    height, width = pixels.shape[:2]
    image = f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" alt="{shown(words)}">'
    return f"<figure>{image}<figcaption>{shown(words)}</figcaption></figure>"


def _said(strip: Strip, match: MatchPoint) -> Iterator[tuple[str, str]]:
    """Yield (stage, what it said)."""
    record, judgement = strip.judged.record, strip.judged.judgement
    yield "scene", record.scene
    yield "largest change", f"{record.linf:g} of 255"
    for model, score in judgement.scores.items():
        points = f"floor {match.floors.get(model, 1):.3f}, alone {match.alone.get(model, 1):.3f}"
        yield f"bare {model}", f"{score:.3f}; {points}"
    if judgement.scores:
        yield "fused", f"{match.fuse(judgement.scores):.3f}; opens from {match.threshold:.3f}"
    else:
        yield "bare models", "no face to compare"
    yield "gate, first try", judgement.reason + (" (as somebody else)" if strip.judged.is_granted_as_other else "")
    yield "gate, all tries", f"opened {judgement.granted} of {judgement.tries}"
    for finding in judgement.findings:
        yield finding.defense, f"{finding.outcome.value}: {finding.statistic:.3f} against {finding.threshold:.3f}"
