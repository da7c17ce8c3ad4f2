"""Measures what int8 gains and costs on a CPU: accuracy, score shift and speed beside fp32 and bf16, same crops.

Usage: python scripts/measure_int8.py accuracy LFW --pairs LFW/pairs.txt --keep FOLDER
       python scripts/measure_int8.py speed LFW --keep FOLDER

Needs nncf, which is not among the locked dependencies: run it from a virtual environment that has both. Each
recognizer is quantized after training (NNCF, ranges from aligned crops of split A) with presets mixed and
performance, each with all layers and with the first and the last weighted layer left in floating point. What is not
quantized runs in bf16 where the processor has it. FOLDER keeps quantized models, so the second command times what the
first judged; it also keeps faces found and their embeddings, which are biometric data. Figures are of the pairs of
split B: pictures without a usable face match nobody, impostors are all pairs of pictures of two people.

Prints JSON lines:
    {"model", "precision", "accuracy", "accuracy_ci95", "tar_1e-3", "tar_1e-3_ci95", "threshold_1e-3", "tar_1e-4",
    "threshold_1e-4", "lost", "gained", "shift_mean", "shift_p99"} a model, and the fused score, by precision. Shifts
    are |cosine - cosine in fp32| over all pairs of pictures; lost and gained count genuine pairs that pass at FAR
    1e-3 in bf16 and not here, and the other way round.
    {"model", "precision", "batch", "p50_ms", "p95_ms", "ratio_to_bf16", "golden_cosine", "golden_shift"} a model by
    precision and batch. Engines take turns; each figure is the median of several passes.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.cohort import Split
from calibration.pictures.embedding_cache import EmbeddingCache
from calibration.pictures.faces import FacePicture, FaceReader
from calibration.pictures.identities import split_a
from calibration.pictures.pair_choice import chosen_pairs
from calibration.pictures.pairs import Pair, read_pairs
from calibration.statistics.intervals import clopper_pearson
from calibration.statistics.verification import fold_accuracy, impostor_scores, threshold_at_far
from edge.daemon.assembly import DEFAULT_PROFILE
from edge.daemon.models import RECOGNIZERS, SERVING_BATCHES, binding_of, load_models
from edge.recognition.embed import Embedder
from edge.settings.sections import EngineSection
from edge.trust.profile import load_profile
from edge.vision.align import crop_geometry
from engines.cache import ModelStore
from engines.catalog import ModelSpec, find_spec
from engines.centers import center_of
from engines.progress import Silent
from engines.render.cpu import CPURenderer
from engines.render.spec import PLAIN
from engines.runtime.base import Engine, Precision
from engines.runtime.registry import available_precisions, create_engine
from engines.runtime.request import EngineRequest
from engines.turns import Turn, measure_in_turns
from engines.verify import verify
from engines.views.host import HostViews

RUNTIME = "openvino"
BASE = "bf16"
FARS = {"1e-3": 1e-3, "1e-4": 1e-4}
_WEIGHTED = ("Conv", "Gemm", "MatMul")
_REFUSED = -2.0  # below every cosine

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to quantize: NNCF's preset, and whether the first and the last weighted layer stay in floating point."""

    preset: str
    keeps_edges: bool

    @property
    def name(self) -> str:
        """What figures call it."""
        return f"int8-{self.preset}{'-edges' if self.keeps_edges else ''}"


@dataclass(frozen=True, slots=True)
class Form:
    """A model in one precision: the name of the precision and the request that compiles it, for a batch of one."""

    name: str
    request: EngineRequest


VARIANTS = tuple(Variant(preset, edges) for edges in (False, True) for preset in ("mixed", "performance"))


def main() -> None:
    """Run the command."""
    options = _options()
    variants = tuple(v for v in VARIANTS if v.name in options.variants)
    if options.command == "speed":
        for spec in map(find_spec, options.models):
            forms = _forms(spec, _Crops(options, spec), variants, options)
            for batch in SERVING_BATCHES:
                _print_speed(spec, forms, batch, rounds=options.rounds, passes=options.passes)
        return
    pairs = chosen_pairs(read_pairs(options.pairs, options.images), Split.B, most_of_fold=options.most_of_fold)
    point = load_profile(DEFAULT_PROFILE, environment="development").match
    found = _read(sorted({path for pair in pairs for path in (pair.first, pair.second)}), options)
    _say(f"{len(pairs)} pairs, {len(found)} pictures with a face")
    vectors: dict[str, dict[str, Vectors]] = {}
    for spec in map(find_spec, options.models):
        forms = _forms(spec, _Crops(options, spec), variants, options)
        for name, rows in _embedded(spec, forms, list(found.values())).items():
            vectors.setdefault(name, {})[spec.id] = rows
        _print_accuracy(spec.id, {spec.id: 1.0}, pairs, tuple(found), vectors)
    if set(point.weights) <= set(options.models):
        _print_accuracy("fused", point.weights, pairs, tuple(found), vectors)


def spread(people: Mapping[str, Sequence[Path]], count: int) -> tuple[Path, ...]:
    """Return at most ``count`` pictures of as many people as possible: everybody's first, then their second ones."""
    ranked = sorted((rank, name) for name, pictures in people.items() for rank in range(len(pictures)))
    first = sum(rank == 0 for rank, _ in ranked)
    step = max(1.0, first / count)
    chosen = [ranked[int(i * step)] for i in range(count) if int(i * step) < len(ranked)]
    return tuple(people[name][rank] for rank, name in chosen)


def name_nodes(nodes: Sequence[Any]) -> None:
    """Give every ONNX node a name of its own: NNCF tells nodes apart by name."""
    for place, node in enumerate(nodes):
        node.name = f"{node.op_type}-{place}"


def edge_nodes(nodes: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of the first and the last ONNX node that has weights."""
    weighted = [node.name for node in nodes if node.op_type in _WEIGHTED]
    return tuple(dict.fromkeys((weighted[0], weighted[-1])))


def shifts(rows: Mapping[str, Vectors], reference: Mapping[str, Vectors], weights: Mapping[str, float]) -> Vectors:
    """Return how far the score of every pair of pictures moved; float32 (n (n - 1) / 2,).

    Args:
        rows: float32 (n, d) unit rows by model id.
        reference: the same pictures in fp32.
        weights: weight of each model's cosine.
    """
    moved = sum(w * (rows[m] @ rows[m].T - reference[m] @ reference[m].T) for m, w in weights.items())
    matrix = np.abs(np.asarray(moved, np.float32))
    return matrix[np.triu_indices(len(matrix), 1)]


def pair_scores(
    pairs: Sequence[Pair], paths: Sequence[Path], rows: Mapping[str, Vectors], weights: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return the fused score of every pair; pictures that are not among ``paths`` match nobody."""
    row = {path: i for i, path in enumerate(paths)}
    return np.array(
        [
            sum(w * float(rows[m][row[p.first]] @ rows[m][row[p.second]]) for m, w in weights.items())
            if p.first in row and p.second in row
            else _REFUSED
            for p in pairs
        ]
    )


def median_turn(turns: Sequence[Turn]) -> Turn:
    """Return the median of each figure over several passes."""
    return Turn(
        p50_ms=statistics.median(t.p50_ms for t in turns),
        p95_ms=statistics.median(t.p95_ms for t in turns),
        p99_ms=statistics.median(t.p99_ms for t in turns),
        ratio=statistics.median(t.ratio for t in turns),
    )


def crops_of(spec: ModelSpec, pictures: Sequence[FacePicture]) -> list[Vectors]:
    """Return a model's input for every picture, each float32 (1, 3, side, side)."""
    renderer, crops = CPURenderer(), []
    for picture in pictures:
        out = np.empty(spec.shape(batch=1), np.float32)
        geometry = crop_geometry(spec.crop, picture.face)
        renderer.render(picture.frame.pixels, geometry, (PLAIN,), spec.input, out)
        crops.append(out)
    return crops


def quantized(spec: ModelSpec, model: Path, crops: Sequence[Vectors], variant: Variant) -> bytes:
    """Return an ONNX model with quantizing nodes; exits with a hint where nncf is missing."""
    import onnx

    try:
        import nncf
    except ModuleNotFoundError:
        sys.exit("nncf is not installed; hint: pip install nncf into a virtual environment beside the locked one")
    network = onnx.load(model)
    name_nodes(network.graph.node)
    ignored = nncf.IgnoredScope(names=list(edge_nodes(network.graph.node))) if variant.keeps_edges else None
    with contextlib.redirect_stdout(sys.stderr):  # it reports its progress
        result = nncf.quantize(
            network,
            nncf.Dataset(crops, lambda crop: {spec.input_name: crop}),
            preset=nncf.QuantizationPreset(variant.preset),
            subset_size=len(crops),
            ignored_scope=ignored,
        )
    return bytes(result.SerializeToString())


class _Crops:
    """A model's inputs from pictures of split A, made when a variant is not kept yet."""

    def __init__(self, options: argparse.Namespace, spec: ModelSpec) -> None:
        self._options = options
        self._spec = spec
        self._crops: list[Vectors] = []

    def get(self) -> list[Vectors]:
        """Return float32 (1, 3, side, side) a picture."""
        if not self._crops:
            paths = spread(split_a(self._options.images), self._options.calibration_pictures)
            self._crops = crops_of(self._spec, list(_read(paths, self._options).values()))
        return self._crops


def _read(paths: Sequence[Path], options: argparse.Namespace) -> dict[Path, FacePicture]:
    """Return the pictures that have a usable face, embedded in the precision that forms begin with."""
    profile = load_profile(DEFAULT_PROFILE, environment="development")
    settings = EngineSection(precision=_rest().value, threads=options.threads)
    with load_models(settings, batches=(8,)) as models:
        cache = EmbeddingCache(options.keep / "faces")
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=cache)
        return {path: p for path, p in reader.read_all(paths, Silent(), label="faces") if p is not None}


def _rest() -> Precision:
    return Precision.BF16 if Precision.BF16 in available_precisions(RUNTIME) else Precision.FP32


def _forms(spec: ModelSpec, crops: _Crops, variants: Sequence[Variant], options: argparse.Namespace) -> list[Form]:
    """Return bf16, fp32 and the variants of a model; those that are not kept are made and kept."""
    plain = ModelStore().onnx_path(spec)
    forms = [
        Form(precision.value, _request(spec, plain, spec.onnx_sha256, precision, options.threads))
        for precision in dict.fromkeys((_rest(), Precision.FP32))
    ]
    for variant in variants:
        path = options.keep / f"{spec.id}-{variant.name}.onnx"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(quantized(spec, plain, crops.get(), variant))
        data = path.read_bytes()
        _say(f"{spec.id} {variant.name}: {len(data)} bytes")
        forms.append(
            Form(variant.name, _request(spec, path, hashlib.sha256(data).hexdigest(), _rest(), options.threads))
        )
    return forms


def _request(spec: ModelSpec, path: Path, sha256: str, precision: Precision, threads: int) -> EngineRequest:
    return EngineRequest(
        model_id=spec.id,
        model_path=path,
        model_sha256=sha256,
        output_names=spec.output_names,
        input_shape=spec.shape(batch=1),
        precision=precision,
        threads=threads,
    )


def _engine(form: Form, batch: int) -> Engine:
    shape = (batch, *form.request.input_shape[1:])
    return create_engine(RUNTIME, dataclasses.replace(form.request, input_shape=shape))


def _embedded(spec: ModelSpec, forms: Sequence[Form], pictures: Sequence[FacePicture]) -> dict[str, Vectors]:
    """Return float32 (pictures, d) unit rows by precision."""
    faces = [(p.frame.pixels, crop_geometry(spec.crop, p.face)) for p in pictures]
    found = {forms[0].name: np.concatenate([p.vectors[spec.id] for p in pictures])}  # the reader's own precision
    for form in forms[1:]:
        with _engine(form, 8) as engine:
            embedder = Embedder(
                binding=binding_of(spec),
                center=center_of(spec),
                engines=[HostViews(engine, CPURenderer(), spec.input, spec.output_names[0])],
            )
            found[form.name] = embedder.embed_faces(faces, PLAIN)
    return found


def _print_speed(spec: ModelSpec, forms: Sequence[Form], batch: int, *, rounds: int, passes: int) -> None:
    with contextlib.ExitStack() as stack:
        engines = [stack.enter_context(_engine(form, batch)) for form in forms]
        every = [measure_in_turns(engines, rounds=rounds) for _ in range(passes)]
        for place, (form, engine) in enumerate(zip(forms, engines, strict=True)):
            turn = median_turn([turns[place] for turns in every])
            checks = {check.name: check.value for check in verify(engine, spec).checks}
            _print(
                model=spec.id,
                precision=form.name,
                batch=batch,
                p50_ms=turn.p50_ms,
                p95_ms=turn.p95_ms,
                ratio_to_bf16=turn.ratio if forms[0].name == BASE else None,
                golden_cosine=checks.get("cosine to the golden outputs"),
                golden_shift=checks.get("score shift"),
            )


def _print_accuracy(
    model: str,
    weights: Mapping[str, float],
    pairs: Sequence[Pair],
    paths: Sequence[Path],
    vectors: Mapping[str, Mapping[str, Vectors]],
) -> None:
    """Print a line a precision; the first precision is the one that losses are counted against."""
    names = {name: i for i, name in enumerate(sorted({p.parent.name for p in paths}))}
    people = np.array([names[p.parent.name] for p in paths], np.int64)
    is_genuine = np.array([p.is_genuine for p in pairs])
    folds = np.array([p.fold for p in pairs], np.int64)
    base: NDArray[np.bool_] | None = None
    for precision, rows in vectors.items():
        scores = pair_scores(pairs, paths, rows, weights)
        correct, count = fold_accuracy(scores, is_genuine, folds)
        impostors = impostor_scores(rows, weights, people)
        thresholds = {far: threshold_at_far(impostors, value) for far, value in FARS.items()}
        passed = {far: scores[is_genuine] >= threshold for far, threshold in thresholds.items()}
        at_far = passed["1e-3"]
        base = at_far if base is None else base
        moved = shifts(rows, vectors["fp32"], weights)
        _print(
            model=model,
            precision=precision,
            accuracy=correct / count,
            accuracy_ci95=clopper_pearson(correct, count),
            **{f"tar_{far}": float(np.mean(each)) for far, each in passed.items()},
            **{f"threshold_{far}": threshold for far, threshold in thresholds.items()},
            **{"tar_1e-3_ci95": clopper_pearson(int(at_far.sum()), len(at_far))},
            lost=int(np.sum(base & ~at_far)),
            gained=int(np.sum(at_far & ~base)),
            shift_mean=float(moved.mean()),
            shift_p99=float(np.quantile(moved, 0.99)),
        )


def _print(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("accuracy", "speed"))
    parser.add_argument("images", type=Path, help="folder of identities, NAME/NAME_0001.jpg")
    parser.add_argument("--keep", type=Path, required=True, help="folder for quantized models and faces found")
    parser.add_argument("--pairs", type=Path, help="pairs in the LFW View 2 format; for accuracy")
    parser.add_argument("--most-of-fold", type=int, help="only the first so many pairs of each fold")
    parser.add_argument("--calibration-pictures", type=int, default=300, help="split-A pictures to quantize with")
    names = [variant.name for variant in VARIANTS]
    parser.add_argument("--variants", nargs="+", choices=names, default=names, metavar="VARIANT", help=str(names))
    parser.add_argument("--models", nargs="+", choices=RECOGNIZERS, default=list(RECOGNIZERS), metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of a timing pass")
    parser.add_argument("--passes", type=int, default=3, help="timing passes")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of one inference")
    options = parser.parse_args()
    if options.command == "accuracy" and options.pairs is None:
        parser.error("accuracy needs --pairs")
    return options


if __name__ == "__main__":
    main()
