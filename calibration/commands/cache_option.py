"""Where commands keep embeddings between runs."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.pictures.embedding_cache import EmbeddingCache, default_folder

CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        help="Folder for embeddings, biometric data that you alone can read; a run that was stopped goes on from it. "
        "Default: edge-gate/embeddings in the user's cache folder.",
    ),
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Keep no embedding, and use none that was kept.")]


def cache_in(folder: Path | None) -> EmbeddingCache:
    """Return the cache in the folder that ``--cache`` names, or in the default one."""
    return EmbeddingCache(folder or default_folder())


def chosen_cache(folder: Path | None, *, is_off: bool) -> EmbeddingCache | None:
    """Return the cache that both options name, or None."""
    return None if is_off else cache_in(folder)
