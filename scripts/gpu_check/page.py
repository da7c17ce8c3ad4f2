"""The findings as a page of the reference, and as JSON lines."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from scripts.gpu_check.finding import Finding

_HEAD = """<!-- Made by `make gpu-check` on a machine with a CUDA GPU; do not edit. -->

# On a CUDA GPU

Kernels, launcher and memory ran on the device below; networks through the runtime that their rows name. TensorRT was
not there: nothing on this page is TensorRT's.
"""


def page_of(machine: Mapping[str, str], findings: Iterable[Finding], *, seconds: float) -> str:
    """Return the page."""
    lines = [_HEAD, "| | |", "| --- | --- |", *(f"| {_cell(k)} | {_cell(v)} |" for k, v in machine.items())]
    lines += ["", f"The command: `make gpu-check`, {seconds:.0f} seconds."]
    for section, rows in groupby(findings, key=lambda finding: finding.section):
        lines += ["", f"## {section.capitalize()}", "", "| figure | measured | bar | | how |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(finding) for finding in rows]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    met = {True: "met", False: "MISSED", None: ""}[finding.is_met]
    cells = (finding.figure, str(finding.value), finding.bar, met, finding.detail)
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")
