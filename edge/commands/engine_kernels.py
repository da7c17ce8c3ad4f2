"""``edge-gate engines build --kernels``: compile the CUDA kernels for a device, ahead of serving."""

from collections.abc import Sequence

from edge.commands.output import Printer
from edge.domain.errors import UsageError
from engines.cache import ModelStore
from engines.gpu.owner import gpu_owner
from engines.render.cuda.compiled import build_kernels
from engines.views.renderings import process_device


def compile_kernels(store: ModelStore, architectures: str | None, *, as_json: bool) -> None:
    """Compile the kernels into the store and print what the compiler says of each.

    Args:
        store: the model store.
        architectures: such as ``87,110``; None = this machine's device, on which they are proven too.
        as_json: print a JSON object a line.

    Raises:
        UsageError: the architectures are no numbers.
        EngineError: there is no compiler or no device, or what was compiled does not render what is defined.
    """
    wanted = _this_device() if architectures is None else _numbers(architectures)
    built = build_kernels(store, wanted)
    if architectures is None:
        process_device(store).close()  # proves them
    printer = Printer(as_json=as_json, columns={"kernel": 16, "sm": 4, "registers": 9, "spilled_bytes": 13})
    for report in built.reports:
        printer.record(
            {
                "kernel": report.kernel,
                "sm": report.architecture,
                "registers": report.registers,
                "spilled_bytes": report.spilled_bytes,
                "path": str(built.path),
                "is_proven": architectures is None,
            }
        )


def _this_device() -> Sequence[int]:
    major, minor = gpu_owner().do(lambda gpu: gpu.facts.capability)
    return (10 * major + minor,)


def _numbers(text: str) -> Sequence[int]:
    parts = text.split(",")
    if not all(part.isdecimal() and part.isascii() and len(part) <= 4 for part in parts):
        raise UsageError(f"{text!r} names no architectures", hint="write compute capabilities such as 87,110")
    return tuple(int(part) for part in parts)
