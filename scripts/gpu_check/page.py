"""The findings as a page of the reference."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from scripts.gpu_check.finding import Finding

_HEAD = """<!-- Written by `make gpu-check` on a machine with a CUDA device; do not edit. -->

# On a CUDA device

Kernels, launcher and memory ran on the device below, through the gate's own code. The models ran through the runtime
that their rows name. TensorRT was not there: nothing on this page is TensorRT's.
"""

NEVER_RUN = """<!-- Written by `make gpu-check` on a machine with a CUDA device; do not edit. -->

# On a CUDA device

**Never run on hardware.** No CUDA device was at hand: there is no figure here, and none elsewhere in these pages is
of a device. What is tested without one: the kernels compiled for the host, bit by bit against the definition and
the renderer that serves on CPUs; PyCUDA's own object code over a stand-in for the driver; this check over that
stand-in, which shows that it runs and nothing of a device.

What fills this page, with device, driver and date:

    make gpu-kit      # where there is a network: gathers what the other machine lacks into gpu-kit/
    make gpu-check    # on the machine with the device, in a copy of the checkout with gpu-kit/ in it; no network

The machine has nvcc, a C++ compiler, Python 3.12 with its headers, pip, numpy and OpenCV. What is measured there:

| | bar |
| --- | --- |
| kernels, 1,000 drawn cases each of BGR and NV12 to float32 and float16 | every bit as compiled for the host |
| kernels, 200 drawn cases of BGR to float32 | every bit as defined, in numpy |
| the same 1,000, against OpenCV on that machine's processor | told |
| registers spilled | none |
| one launch, 32 views of 160 px of a 1280x720 frame | twice what the copy bandwidth needs, or 20 microseconds |
| the same by OpenCV on one thread of that machine's processor | told |
| a thousand frames through the renderer | same frame, same bytes; no memory grows by more than 2 MiB |
| the models' fp16 files, through torch or onnxruntime, never called TensorRT | what a compiled engine must pass |
"""
"""The page before it was ever filled."""


def page_of(
    machine: Mapping[str, str], findings: Iterable[Finding], *, seconds: float, is_quick: bool = False
) -> str:
    """Return the page.

    Args:
        machine: what it is, by name.
        findings: in the order of their sections.
        seconds: how long all of it took.
        is_quick: whether only a few cases of everything ran.
    """
    lines = [_HEAD, "| | |", "| --- | --- |", *(f"| {_cell(k)} | {_cell(v)} |" for k, v in machine.items())]
    lines += ["", f"The command: `make gpu-check`, {seconds:.0f} seconds without building PyCUDA."]
    if is_quick:
        lines += ["", "**A few cases of everything, to see that it runs (`--quick`): no figure here counts.**"]
    for section, rows in groupby(findings, key=lambda finding: finding.section):
        lines += ["", f"## {section.capitalize()}", "", "| figure | measured | bar | | how |"]
        lines += ["| --- | --- | --- | --- | --- |", *(_row(finding) for finding in rows)]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    met = {True: "met", False: "MISSED", None: ""}[finding.is_met]
    cells = (finding.figure, str(finding.value), finding.bar, met, finding.detail)
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;").split())
