"""The same faces embedded by a model's files of several precisions, run as they are."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.embedding_cache import EmbeddingCache
from calibration.pictures.faces import FacePicture, FaceReader
from edge.daemon.models import binding_of
from edge.domain.face import Face
from edge.recognition.embed import Embedder
from edge.vision.align import crop_geometry
from engines.catalog import ModelSpec, recipe_digest
from engines.centers import center_of
from engines.progress import Progress
from engines.render.cpu import CPURenderer
from engines.render.spec import PLAIN
from engines.runtime.base import Engine, FloatArray, Precision
from engines.views.host import HostViews

Rows = NDArray[np.float32]

BATCH = 8
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class FileEngine:
    """A model's file of a precision, loaded.

    Attributes:
        spec: the model.
        precision: of its file.
        digest: what embeddings kept of it are found by.
        engine: not yet active, of a batch of :data:`BATCH`.
    """

    spec: ModelSpec
    precision: Precision
    digest: str
    engine: Engine


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRows:
    """Embeddings as the gate compares them: of unit norm, after the center.

    Attributes:
        paths: the pictures that have a usable face.
        rows: float32 (len(paths), d) by model id and precision.
    """

    paths: tuple[Path, ...]
    rows: Mapping[tuple[str, Precision], Rows]


def read_rows(
    paths: Sequence[Path],
    reader: FaceReader,
    files: Sequence[FileEngine],
    cache: EmbeddingCache | None,
    progress: Progress,
) -> PrecisionRows:
    """Find the face of every picture once, and embed it by every file.

    Raises:
        EdgeError: a picture's reader or an engine failed, or the cache cannot be written.
    """
    kept: list[Path] = []
    rows: dict[tuple[str, Precision], list[Rows]] = {(f.spec.id, f.precision): [] for f in files}
    with ExitStack() as stack:
        embedders = [(file, _embedder(stack.enter_context(file.engine), file)) for file in files]
        faces = _faces(paths, reader, progress)
        while few := tuple(islice(faces, _TOGETHER)):
            kept.extend(picture.path for picture in few)
            for file, embedder in embedders:
                rows[file.spec.id, file.precision].append(_embedded(few, file, embedder, cache))
    return PrecisionRows(tuple(kept), {key: np.concatenate(parts) for key, parts in rows.items() if parts})


def _faces(paths: Sequence[Path], reader: FaceReader, progress: Progress) -> Iterator[FacePicture]:
    for _, picture in reader.read_all(paths, progress, label="embedding pictures in every precision"):
        if picture is not None:
            yield picture


def _embedded(
    pictures: Sequence[FacePicture], file: FileEngine, embedder: Embedder, cache: EmbeddingCache | None
) -> Rows:
    keys = [EmbeddingCache.key(p.frame.pixels, _recipe(file, p.face)) for p in pictures]
    found = [None if cache is None else cache.find(key) for key in keys]
    lacking = [i for i, arrays in enumerate(found) if arrays is None]
    rows: dict[int, FloatArray] = {i: arrays["row"] for i, arrays in enumerate(found) if arrays is not None}
    if lacking:
        crops = [(pictures[i].frame.pixels, crop_geometry(file.spec.crop, pictures[i].face)) for i in lacking]
        for i, row in zip(lacking, embedder.embed_faces(crops, PLAIN), strict=True):
            rows[i] = row
            if cache is not None:
                cache.keep(keys[i], {"row": row})
    return np.stack([rows[i] for i in range(len(pictures))])


def _recipe(file: FileEngine, face: Face) -> dict[str, object]:
    return {
        "file": file.digest,
        "recipe": recipe_digest(file.spec),
        "runtime": file.engine.runtime,
        # Rows that were kept while onnxruntime rewrote the pairs are not those of the file.
        **({"pairs": "as written"} if file.precision is Precision.INT8 else {}),
        "box": [face.box.x, face.box.y, face.box.width, face.box.height],
        "landmarks": face.landmarks.ravel().tolist(),
    }


def _embedder(engine: Engine, file: FileEngine) -> Embedder:
    return Embedder(
        binding=binding_of(file.spec),
        center=center_of(file.spec),
        engines=[HostViews(engine, CPURenderer(), file.spec.input, file.spec.output_names[0])],
    )
