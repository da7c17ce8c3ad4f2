"""The report: one HTML file that needs nothing else, no script, no link to anywhere."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from edge.commands.demo.facts import Facts
from edge.commands.demo.report_pictures import figures
from edge.commands.demo.result import ReceivedEvent, SceneResult
from edge.commands.demo.words import bare_words, event_name, numbers, plain, yes_no

_FOLDER = Path(__file__).parent


def report_html(results: Sequence[SceneResult], facts: Facts) -> str:
    """Return the whole page."""
    numbered = tuple(enumerate(results, start=1))
    page = Template((_FOLDER / "report_template.html").read_text(encoding="utf-8"))
    return page.substitute(
        style=(_FOLDER / "report.css").read_text(encoding="utf-8"),
        environment=escape(facts.environment),
        version=escape(facts.gate_version),
        played=escape(facts.played),
        facts=_list(facts.lines),
        rows="\n".join(_row(number, result) for number, result in numbered),
        scenes="\n".join(_scene(number, result) for number, result in numbered),
    )


def _list(lines: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in lines)


def _row(number: int, result: SceneResult) -> str:
    door = {0: "stayed shut", 1: "opened once"}.get(result.openings, f"opened {result.openings} times")
    cells = (
        _decision(result),
        plain(result.reason.value),
        plain(result.anomaly or "none"),
        door,
        bare_words(result.bare),
        yes_no(result.is_received),
        "yes" if result.is_as_expected else '<span class="denied">no</span>',
    )
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row"><a href="#scene-{number}">{number}. {escape(result.scene.title)}</a></th>{body}</tr>'


def _scene(number: int, result: SceneResult) -> str:
    shown = result.received[0] if result.received and result.scene.fools_bare_facenet else None
    events = "\n".join(_event(received, is_open=received is shown) for received in result.received)
    return f"""<section id="scene-{number}" aria-labelledby="title-{number}">
<h2 id="title-{number}">{number}. {escape(result.scene.title)}</h2>
<p>{escape(result.scene.story)}</p>
<div class="pictures">
{figures(result)}
<dl>
{_facts(result)}
</dl>
</div>
{events}
</section>"""


def _facts(result: SceneResult) -> str:
    facts = [
        ("Decision", _decision(result) + (f", {len(result.verdicts)} times" if len(result.verdicts) > 1 else "")),
        ("Reason", plain(result.reason.value)),
        ("Anomaly", plain(result.anomaly or "none")),
        ("Recorded", numbers(result.recorded)),
        ("Received", numbers(result.received_sequences)),
    ]
    if result.scene.broker_is_away:
        facts.insert(4, ("Waited for the broker", f"{result.waiting} events"))
    if result.scene.fools_bare_facenet and result.bare is not None:
        words = f"cosine {result.bare.score:.2f}; it opens from {result.bare.threshold:.2f}"
        facts.insert(0, ("Bare FaceNet alone", f'<span class="warning">{bare_words(result.bare)}</span> ({words})'))
    facts += [("Not as it must be", f'<span class="denied">{escape(text)}</span>') for text in result.shortcomings]
    return "\n".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)


def _decision(result: SceneResult) -> str:
    return f'<span class="{result.decision.value}">{result.decision.value}</span>'


def _event(received: ReceivedEvent, *, is_open: bool) -> str:
    body = json.dumps(json.loads(received.payload), indent=2, ensure_ascii=False)
    return f"""<details{" open" if is_open else ""}>
<summary>Received event: {escape(event_name(received))}</summary>
<p>Topic <code>{escape(received.topic)}</code>; its signature was checked.</p>
<pre tabindex="0">{escape(body)}</pre>
</details>"""
