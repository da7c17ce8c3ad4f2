"""``edge-gate watch``: decide on any source, drive no door, publish nothing."""

import sys
from typing import Annotated, Any

import typer

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Pace
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import GateParts, build_gate, read_profile, stored_gallery
from edge.daemon.certificates_in_force import certificates_asked
from edge.daemon.feed_loop import steps
from edge.daemon.models import load_models
from edge.daemon.state import open_gate_state
from edge.domain.assessment import Assessment
from edge.domain.challenge import Movement
from edge.domain.clock import SystemClock
from edge.domain.finding import Finding
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.verdict import Verdict
from edge.pipeline.sequence import SecondStep
from edge.pipeline.step import Step
from edge.settings.load import load_settings

_COLUMNS = {"time": 26, "decision": 8, "reason": 20, "subject": 24, "frames": 6, "latency_ms": 10}
_FRAME_COLUMNS = {"frame": 6, "faces": 5, "reason": 24, "candidate": 24, "fused": 8}


def watch(
    source: Annotated[
        str, typer.Argument(help="Camera, video, picture, folder, rtsp(s)://…, csi:0, synthetic:IMAGE.")
    ],
    pace: Annotated[Pace, typer.Option(help="realtime, or fast: every frame, on the source's own clock.")] = (
        Pace.REALTIME
    ),
    frames: Annotated[bool, typer.Option("--frames", help="A line a judged frame as well.")] = False,
    scores: Annotated[bool, typer.Option("--scores", help="Show scores. Never give them to the person.")] = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch a source and print a line an attempt. No door is driven; limits live in memory."""
    settings = load_settings(config, state_dir=state)
    parsed = parse_source(source)
    opened, _ = open_gate_state(settings)
    with opened, load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        gallery = stored_gallery(models, opened.gallery, certificates_asked(profile, settings.policy))
        labels = {person.subject: person.label for person in opened.gallery.people()}
        printer = Printer(as_json=as_json, columns=_FRAME_COLUMNS if frames else _COLUMNS)
        reporter = _Reporter(printer, labels, with_scores=scores)
        with CameraFeed(parsed, pace=pace, clock=SystemClock()) as feed:
            parts = GateParts(settings, profile, models, gallery)
            gate = build_gate(
                parts,
                parsed,
                feed.clock,
                is_lock_step=feed.is_lock_step,
                second_step=SecondStep(on_prompt=_show_prompt),
            )
            for step in steps(feed, gate, on_frame=reporter.frame if frames else None):
                for verdict in step.verdicts:
                    reporter.verdict(verdict, feed.still_name, feed.since_still_ms)


def _show_prompt(movement: Movement | None) -> None:
    """Show the person what to do, beside the lines that programs read."""
    print("look straight ahead" if movement is None else movement.value.replace("_", " "), file=sys.stderr)


class _Reporter:
    """Prints verdicts and frames with the names that the state folder knows."""

    def __init__(self, printer: Printer, labels: dict[SubjectRef, str], *, with_scores: bool) -> None:
        self._printer = printer
        self._labels = labels
        self._with_scores = with_scores

    def verdict(self, verdict: Verdict, still_name: str, since_still_ms: float | None) -> None:
        """Print an attempt; of a still, how long the machine took for it."""
        latency_ms = verdict.latency_ms if since_still_ms is None else since_still_ms
        granted = verdict.decision == "granted"
        self._printer.record(
            {
                "time": verdict.decided_utc.isoformat(timespec="milliseconds"),
                "decision": verdict.decision.value,
                "reason": verdict.reason.value,
                "subject": self._label(verdict.subject) if granted else None,
                "frames": verdict.frames,
                "latency_ms": round(latency_ms, 1),
                **({"source": still_name} if still_name else {}),
                **({"findings": [_finding(f) for f in verdict.findings]} if self._with_scores else {}),
            }
        )

    def frame(self, frame: Frame, step: Step) -> None:
        """Print the frames that were judged by now, or one that was only looked at."""
        for assessment in step.assessments or (None,):
            self._frame(assessment.frame_seq if assessment else frame.seq, step, assessment)

    def _frame(self, seq: int, step: Step, a: Assessment | None) -> None:
        values: dict[str, Any] = {"frame": seq, "faces": len(step.faces), "reason": _state_of(a)}
        values["candidate"] = self._label(a.screen.subject) if a and a.screen else None
        if self._with_scores and a is not None:
            match = a.verified or a.screen
            values["fused"] = match.fused if match else None
            values["models"] = dict(match.per_model) if match else None
            values["findings"] = [_finding(f) for f in a.findings]
        self._printer.record(values)

    def _label(self, subject: SubjectRef | None) -> str | None:
        return None if subject is None else self._labels.get(subject, str(subject))


def _state_of(assessment: Assessment | None) -> str:
    if assessment is None:
        return "-"
    if assessment.fault is not None:
        return assessment.fault.value
    if assessment.quality is not None and assessment.quality.issues:
        return ",".join(issue.value for issue in assessment.quality.issues)
    if assessment.screen is None:
        return "unknown_person"
    failed = [f.defense for f in assessment.findings if f.outcome != "pass"]
    return f"failed {','.join(failed)}" if failed else "verified"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "defense": finding.defense,
        "outcome": finding.outcome.value,
        "statistic": finding.statistic,
        "threshold": finding.threshold,
        "detail": finding.detail,
    }
