"""Make the centers of ``engines/centers`` from split A of a folder of identities, NAME/NAME_0001.jpg.

A center is the mean over people of the mean of their pictures' unit embeddings, each picture as it is and as a door
camera sees it. Prints the hash of every file, which belongs into ``engines/catalog.toml``; afterwards everything that
was fitted on embeddings has to be fitted again (``edge-gate calibrate fit``).
"""

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.fitted_profile import DETECTOR_THRESHOLD
from calibration.fitting.material import read_material
from calibration.pictures.embedding_cache import EmbeddingCache, default_folder
from calibration.pictures.faces import FaceReader
from calibration.pictures.identities import split_a
from edge.commands.progress import rich_progress
from edge.daemon.models import Models, binding_of, load_models
from edge.pipeline.verify import ModelStage
from edge.recognition.embed import Embedder
from edge.settings.load import load_settings
from engines.catalog import find_spec

FOLDER = Path(__file__).resolve().parent.parent / "engines" / "centers"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--cache", type=Path, default=default_folder(), help="folder of embeddings already made")
    arguments = parser.parse_args()
    progress = rich_progress()
    with load_models(load_settings(None).engine, progress=progress) as loaded:
        models = without_centers(loaded)
        reader = FaceReader(models, detector_threshold=DETECTOR_THRESHOLD, cache=EmbeddingCache(arguments.cache))
        material = read_material(split_a(arguments.images), reader, progress, split="A")
        FOLDER.mkdir(exist_ok=True)
        for model_id in models.bindings:
            path = FOLDER / f"{model_id}.npy"
            np.save(path, mean_of_people(material.vectors(model_id), material.owners), allow_pickle=False)
            print(f"{model_id} {hashlib.sha256(path.read_bytes()).hexdigest()}")


def without_centers(models: Models) -> Models:
    """Return the same models, whose embeddings are as the networks give them, of unit norm."""
    stages = []
    for stage in models.stages:
        spec = replace(find_spec(stage.model_id), center_sha256="")
        embedder = Embedder(
            binding=binding_of(spec),
            engines=models.renderings.of(spec, [engine for engine in models.engines if engine.model_id == spec.id]),
            center=np.zeros(spec.dimension, np.float32),
        )
        stages.append(ModelStage(embedder, stage.crop_recipe))
    return replace(models, stages=tuple(stages))


def mean_of_people(rows: NDArray[np.float32], owners: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the mean, float32 (d,), over people of the mean of their rows."""
    people = [rows[owners == owner].mean(axis=0, dtype=np.float64) for owner in np.unique(owners)]
    return np.asarray(np.mean(people, axis=0), np.float32)


if __name__ == "__main__":
    main()
