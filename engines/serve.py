"""The one way to an engine that may serve: loaded, activated, proven. Building ahead is another; no door takes it."""

from engines.build import load_engine
from engines.cache import ModelStore
from engines.catalog import ModelSpec
from engines.errors import AcceptanceError, IntegrityError
from engines.progress import Progress
from engines.runtime.base import Engine, Precision
from engines.verify import require_proven


def proven_engine(
    spec: ModelSpec,
    store: ModelStore,
    *,
    runtime: str,
    precision: Precision,
    batch: int = 1,
    size: tuple[int, int] | None = None,
    threads: int,
) -> Engine:
    """Return an active engine that passed the acceptance gate. Arguments as :func:`engines.build.load_engine`.

    Raises:
        AcceptanceError: it does not reproduce its golden outputs.
        EngineError: it cannot be loaded.
    """
    engine = load_engine(spec, store, runtime=runtime, precision=precision, batch=batch, size=size, threads=threads)
    engine.activate()
    _accept(engine, spec)
    return engine


def compile_proven(engine: Engine, spec: ModelSpec, progress: Progress, *, is_forced: bool = False) -> None:
    """Compile an engine and leave it active. One that is compiled ahead must also pass the acceptance gate.

    What was compiled and fails is deleted and compiled once more: builders choose by measuring, and may choose worse
    once. What fails twice stays deleted, so the door stays closed.

    Args:
        engine: not yet active.
        spec: its model.
        progress: shown while it is compiled.
        is_forced: compile again what was compiled before.

    Raises:
        AcceptanceError: it does not reproduce its golden outputs, twice.
        EngineError: it cannot be compiled or loaded.
    """
    try:
        _compile_once(engine, spec, progress, is_forced=is_forced)
    except (AcceptanceError, IntegrityError):
        if not engine.is_compiled_ahead:
            raise
        _compile_once(engine, spec, progress, is_forced=True)


def _compile_once(engine: Engine, spec: ModelSpec, progress: Progress, *, is_forced: bool) -> None:
    engine.compile(progress, is_forced=is_forced)
    engine.activate()
    if engine.is_compiled_ahead:
        _accept(engine, spec)


def _accept(engine: Engine, spec: ModelSpec) -> None:
    """Leave a proven engine active; free any other, and delete what was compiled of one that fails its proof."""
    try:
        require_proven(engine, spec)
    except AcceptanceError:
        engine.deactivate()
        engine.discard()
        raise
    except BaseException:
        engine.deactivate()
        raise
