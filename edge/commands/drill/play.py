"""Plays one drill: the real pipeline, live, with one fault."""

import tempfile
from pathlib import Path

from edge.commands.drill.faults import Fault
from edge.commands.drill.result import DrillResult
from edge.commands.drill.rig import Base, drilled_gate
from edge.commands.drill.timeline import Phase, Timeline
from edge.daemon.feed_loop import steps
from edge.domain.frame import Frame
from edge.pipeline.step import Step


def play(fault: Fault, base: Base) -> DrillResult:
    """Play a drill and return how it went.

    Raises:
        EdgeError: what should work without the fault does not.
    """
    with tempfile.TemporaryDirectory(prefix="edge-gate-drill-") as folder, drilled_gate(base, Path(folder)) as rig:
        timeline = Timeline(fault, rig.clock, begin=lambda: fault.begin(rig), end=lambda: fault.end(rig))

        def on_frame(frame: Frame, step: Step) -> None:
            del frame
            if step.faces and rig.gate.evidence is not None:
                timeline.on_face()

        try:
            for step in steps(rig.feed, rig.gate, is_stopping=timeline.is_over, is_patient=True, on_frame=on_frame):
                timeline.on_step(rig.recorder.act(step))
        finally:
            if timeline.phase is Phase.FAULTY:
                fault.end(rig)  # whoever hangs is let go
    return timeline.result
