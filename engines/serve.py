"""The one way to an engine that may serve: loaded, activated, proven."""

from engines.build import load_engine
from engines.cache import ModelStore
from engines.catalog import ModelSpec
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
    try:
        require_proven(engine, spec)
    except BaseException:
        engine.deactivate()
        raise
    return engine
