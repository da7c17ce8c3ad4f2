"""``edge-gate engines bench``: every runtime and precision of this machine against one another."""

import sys
from contextlib import ExitStack
from typing import Annotated, Any

import typer

from edge.commands.engine_plan import ModelsArgument, PrecisionChoice, named_models, served_engines
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.daemon.models import model_store
from edge.domain.visible_text import visible
from edge.settings.load import load_settings
from engines.errors import NotCompiledError, RuntimeMissingError
from engines.machine.root import MachineRoot
from engines.machine.surroundings import Surroundings, surroundings_of
from engines.runtime.base import Engine, Precision
from engines.runtime.registry import available_runtimes, file_precision, is_emulated
from engines.turns import Turn, measure_in_turns


def bench(
    models: ModelsArgument = None,
    precision: Annotated[
        PrecisionChoice | None,
        typer.Option("--precision", help="Time this one beside fp32. Default: all that gain time on this machine."),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=10_000, help="Inferences of each engine.")] = 30,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time the engines that the gate serves, in every runtime and precision of this machine, in turns.

    A precision that a runtime only emulates is timed where it is named: it is right, and not fast.
    Device, power mode, clocks and versions are printed with it: a time means nothing without them.
    ``ratio`` is a line's time against the first line of the same model and batch.
    """
    settings = load_settings(config, state_dir=state)
    store = model_store(settings.engine)
    threads = settings.engine.threads
    printer = Printer(
        as_json=as_json,
        columns={
            "model": 18,
            "runtime": 12,
            "precision": 9,
            "batch": 5,
            "p50_ms": 8,
            "p95_ms": 8,
            "p99_ms": 8,
            "ratio": 6,
        },
    )
    ways = _ways(precision)
    if not ways:
        raise RuntimeMissingError(
            "no inference runtime is installed", hint="install one with pip install 'edge-gate[openvino]'"
        )
    about = surroundings_of(MachineRoot())
    if not as_json:
        _tell(about)
    for served in served_engines(named_models(models), settings.engine):
        with ExitStack() as stack:
            engines = [
                engine
                for name, way in ways
                if served.spec.has_file(file_precision(name, way))
                and (engine := _entered(stack, served.load(store, runtime=name, precision=way, threads=threads)))
            ]
            if not engines:
                raise NotCompiledError(
                    f"no engine of {served.spec.id} was built", hint="run 'edge-gate engines build'"
                )
            for engine, turn in zip(engines, measure_in_turns(engines, rounds=rounds), strict=True):
                printer.record(_record(engine, turn, threads, about))


def _entered(stack: ExitStack, engine: Engine) -> Engine | None:
    """Return the engine, active as long as the stack; None, and a line on stderr, if it was never built."""
    try:
        return stack.enter_context(engine)
    except NotCompiledError as error:
        print(f"left out: {visible(str(error))}", file=sys.stderr)
        return None


def _ways(wanted: PrecisionChoice | None) -> list[tuple[str, Precision]]:
    """Return the runtimes and precisions to time: those that gain time, or fp32 and the one that is wanted."""
    every = [(name, way) for name, precisions in available_runtimes().items() for way in precisions]
    if wanted is None or wanted is PrecisionChoice.AUTO:
        return [(name, way) for name, way in every if not is_emulated(name, way)]
    return [(name, way) for name, way in every if way in {Precision.FP32, Precision(wanted.value)}]


def _record(engine: Engine, turn: Turn, threads: int, about: Surroundings) -> dict[str, Any]:
    return {
        "model": engine.model_id,
        "runtime": engine.runtime,
        "precision": engine.precision.value,
        "batch": engine.input_shape[0],
        "threads": threads,
        "p50_ms": round(turn.p50_ms, 3),
        "p95_ms": round(turn.p95_ms, 3),
        "p99_ms": round(turn.p99_ms, 3),
        "ratio": round(turn.ratio, 3),
        "device": about.device,
        "power_mode": about.power_mode,
        "clocks": about.clocks,
        "versions": about.versions,
    }


def _tell(about: Surroundings) -> None:
    print(visible(f"device      {about.device}"))
    print(visible(f"power mode  {about.power_mode or 'none'}"))
    print(visible(f"clocks      {'; '.join(about.clocks) or 'the kernel tells of none'}"))
    print(visible(f"versions    {', '.join(f'{name} {version}' for name, version in about.versions.items())}"))
