"""Loads the models that a gate runs: fetched, proven, activated; freed again together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge.domain.embedding import Binding
from edge.domain.errors import ConfigError
from edge.pipeline.verify import ModelStage
from edge.recognition.embed import Embedder
from edge.settings.sections import EngineSection
from engines.build import is_built
from engines.cache import ModelStore
from engines.catalog import ModelSpec, Role, find_spec, recipe_digest
from engines.centers import center_of
from engines.errors import EngineError
from engines.fetch import fetch
from engines.precision import choose_precision, chosen_file
from engines.progress import Progress, Silent
from engines.runtime.base import Engine, Precision
from engines.serve import proven_engine
from engines.views.base import ViewEngine
from engines.views.renderings import Renderings

DETECTOR = "yunet-2023mar"
SCREENING = "sface-2021dec"
SECOND = "facenet-20180408"
RECOGNIZERS = (SCREENING, SECOND)

REFERENCE_CLASS = "reference"
INT8_CLASS = "int8"
SERVING_BATCHES = (1, 8)  # 1 = screening; 8 = plain, four random and three squeezed views
OCCLUDED_BATCH = 5  # the certificate's copies of a face, which the screening model alone looks at


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Active engines, ready to serve.

    Attributes:
        detector: finds faces.
        judge_detector: the same, for the thread that judges while the next frames are followed.
        stages: both recognizers, the screening model first.
        engines: every engine, for benchmarks.
        renderings: gives other engines of these models what renders their input.
        precision: arithmetic of the recognizers.
        runtime: name of the runtime.
    """

    detector: Engine
    judge_detector: Engine
    stages: tuple[ModelStage, ...]
    engines: tuple[Engine, ...]
    renderings: Renderings
    precision: Precision
    runtime: str

    @property
    def bindings(self) -> Mapping[str, Binding]:
        """What embeddings of these models are bound to, by model id."""
        return {stage.model_id: stage.embedder.binding for stage in self.stages}

    def stage(self, model_id: str) -> ModelStage:
        """Return one recognizer.

        Raises:
            KeyError: it is not loaded.
        """
        return next(stage for stage in self.stages if stage.model_id == model_id)


def with_engines(models: Models, wrap: Callable[[Engine], Engine]) -> Models:
    """Return the same models with every recognizer's engine behind another, for drills. The detector stays.

    Args:
        models: active.
        wrap: makes the engine that stands before one; it is activated.
    """
    wrapped = [wrap(engine) for engine in models.engines if engine is not models.detector]
    for engine in wrapped:
        engine.activate()
    return replace(models, stages=stages_on(models, wrapped), engines=(models.detector, *wrapped))


def stages_on(models: Models, engines: Sequence[Engine]) -> tuple[ModelStage, ...]:
    """Return the recognizers of models on other engines of theirs, which are active."""
    stages = []
    for stage in models.stages:
        spec = find_spec(stage.model_id)
        own = [engine for engine in engines if engine.model_id == spec.id]
        embedder = _embedder(spec, models.precision, models.renderings.of(spec, own))
        stages.append(ModelStage(embedder, spec.crop))
    return tuple(stages)


def model_store(options: EngineSection) -> ModelStore:
    """Return where models lie."""
    return ModelStore(Path(options.models_dir) if options.models_dir else None)


def binding_of(spec: ModelSpec, precision: Precision = Precision.FP32) -> Binding:
    """Return what embeddings of a catalog model are bound to.

    In int8 that is the int8 file: other activation ranges give other embeddings. Every other precision was accepted
    as the fp32 file's own arithmetic, so its templates are the fp32 file's.

    Raises:
        EngineError: the catalog pins no int8 file of it.
    """
    is_int8 = precision is Precision.INT8
    return Binding(
        model_id=spec.id,
        model_digest=spec.file_sha256(precision) if is_int8 else spec.onnx_sha256,
        recipe_digest=recipe_digest(spec),
        precision_class=INT8_CLASS if is_int8 else REFERENCE_CLASS,
    )


def serving_bindings(wanted: str = "auto") -> Mapping[str, Binding]:
    """Return what embeddings of the serving models are bound to, by model id; nothing is loaded for it.

    Args:
        wanted: ``engine.precision`` of the settings.

    Raises:
        EngineError: the catalog pins no file of a model in that precision.
    """
    precision = Precision.FP32 if wanted == "auto" else Precision(wanted)
    return {model_id: binding_of(find_spec(model_id), precision) for model_id in RECOGNIZERS}


def recognizer_file(options: EngineSection) -> Precision:
    """Return the precision of the recognizers' files with these settings."""
    return chosen_file(options.runtime, options.precision)


def model_files(store: ModelStore, recognizers: Precision = Precision.FP32) -> Mapping[Path, str]:
    """Return the files of the gate's models with their sha256, the recognizers' in a precision."""
    return {store.onnx_path(spec, held): spec.file_sha256(held) for spec, held in _files(recognizers)}


def missing_models(store: ModelStore, recognizers: Precision = Precision.FP32) -> tuple[ModelSpec, ...]:
    """Return the models of the gate that are not built, the recognizers in a precision."""
    return tuple(spec for spec, held in _files(recognizers) if not is_built(spec, store, held))


def _files(recognizers: Precision) -> Iterator[tuple[ModelSpec, Precision]]:
    yield find_spec(DETECTOR), Precision.FP32
    for model_id in RECOGNIZERS:
        yield find_spec(model_id), recognizers


def require_built(store: ModelStore, recognizers: Precision = Precision.FP32) -> None:
    """Return if every model of the gate is built, the recognizers in a precision.

    Raises:
        EngineError: some are not.
    """
    missing = missing_models(store, recognizers)
    if missing:
        raise EngineError(
            f"not built in {store.root}: {', '.join(spec.id for spec in missing)}",
            hint="run 'edge-gate engines fetch' (without a network: with --from), then 'edge-gate engines build'",
        )


def serving_batches(model_id: str, batches: Sequence[int] = SERVING_BATCHES) -> tuple[int, ...]:
    """Return the batch sizes that a recognizer is compiled for: those asked for, and that of the certificate."""
    more = (OCCLUDED_BATCH,) if model_id == SCREENING and max(batches) > OCCLUDED_BATCH else ()
    return tuple(sorted({*batches, *more}))


def serving_precision(spec: ModelSpec, precision: Precision) -> Precision:
    """Return the arithmetic that a model is served in where the recognizers run in ``precision``.

    In bf16 the detector's boxes move by more than a pixel; it stays at fp32 whatever the recognizers run.
    """
    return Precision.FP32 if spec.role is Role.DETECTOR else precision


@contextmanager
def load_models(
    options: EngineSection,
    *,
    batches: Sequence[int] = SERVING_BATCHES,
    progress: Progress | None = None,
    may_fetch: bool = True,
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[Models]:
    """Fetch and build what is not built yet, activate and prove every model; free them at the end.

    Args:
        options: runtime, precision, threads and sizes.
        batches: batch sizes that recognizers are compiled for.
        progress: shown while weights are fetched.
        may_fetch: False = take what is built and neither fetch nor build anything.
        told: called before each engine is loaded, with what it is.

    Raises:
        EngineError: a model cannot be fetched, built, run, or fails its acceptance.
        ConfigError: the detector has no proof at the configured size.
    """
    store = model_store(options)
    held = recognizer_file(options)
    if not may_fetch:
        require_built(store, held)
    for spec in missing_models(store, held):
        if not is_built(spec, store):  # a file of another precision is made from the fp32 one
            fetch(spec, store, progress=progress or Silent())
    precision = choose_precision(store, runtime=options.runtime, wanted=options.precision, threads=options.threads)
    with ExitStack() as stack:
        loader = _Loader(options, store, stack, told)
        detector_spec = find_spec(DETECTOR)
        detector, judge_detector = (
            loader.serve(detector_spec, serving_precision(detector_spec, precision), size=_detector_size(options))
            for _ in range(2)
        )
        stages = tuple(loader.stage(find_spec(m), precision, serving_batches(m, batches)) for m in RECOGNIZERS)
        yield Models(
            detector=detector,
            judge_detector=judge_detector,
            stages=stages,
            engines=tuple(loader.loaded),
            renderings=loader.renderings,
            precision=precision,
            runtime=options.runtime,
        )


class _Loader:
    """Loads proven engines that live as long as an exit stack."""

    def __init__(
        self, options: EngineSection, store: ModelStore, stack: ExitStack, told: Callable[[str], None]
    ) -> None:
        self._told = told
        self._options = options
        self._store = store
        self._stack = stack
        self.renderings = Renderings(store)
        self.loaded: list[Engine] = []

    def serve(
        self, spec: ModelSpec, precision: Precision, *, batch: int = 1, size: tuple[int, int] | None = None
    ) -> Engine:
        """Return an active, proven engine."""
        self._told(f"{spec.id} {precision} for {batch}")
        engine = proven_engine(
            spec,
            self._store,
            runtime=self._options.runtime,
            precision=precision,
            batch=batch,
            size=size,
            threads=self._options.threads,
        )
        self.loaded.append(self._stack.enter_context(engine))
        return engine

    def stage(self, spec: ModelSpec, precision: Precision, batches: Sequence[int]) -> ModelStage:
        """Return a recognizer with an engine a batch size."""
        engines = [self.serve(spec, precision, batch=batch) for batch in batches]
        self._stack.callback(self.renderings.close)  # before the engines that it renders for
        return ModelStage(_embedder(spec, precision, self.renderings.of(spec, engines)), spec.crop)


def _embedder(spec: ModelSpec, precision: Precision, engines: Sequence[ViewEngine]) -> Embedder:
    return Embedder(binding=binding_of(spec, precision), center=center_of(spec), engines=engines)


def _detector_size(options: EngineSection) -> tuple[int, int]:
    size = (options.detector_width_px, options.detector_height_px)
    sizes = find_spec(DETECTOR).sizes
    if size not in sizes:
        known = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise ConfigError(f"the detector has no proof at {size[0]}x{size[1]}", hint=f"use one of {known}")
    return size
