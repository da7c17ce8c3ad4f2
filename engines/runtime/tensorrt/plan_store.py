"""Plans on disk. A plan is as good as code: it comes from a private folder, with its hash, for this very key.

::

    FOLDER/DIGEST.plan               the plan
    FOLDER/DIGEST.json               its key in clear and its hash; written last, so without it there is no plan
    FOLDER/DIGEST.lock               held by who builds it
    FOLDER/VERSION-CAPABILITY.timing what the builder measured; makes the next build faster
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engines.cache import ModelStore
from engines.errors import EngineError, IntegrityError, NotCompiledError
from engines.runtime.tensorrt.plan_key import PlanKey
from engines.runtime.tensorrt.private_folder import make_private, read_private, require_private

_FORMAT = 1
_MOST_PLAN_BYTES = 2**31
_MOST_MANIFEST_BYTES = 2**16
_BUILD_HINT = "run 'edge-gate engines build'"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class PlanStore:
    """A folder of plans."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: PlanKey) -> bytes:
        """Return the plan of a key, proven. What is harmed is deleted.

        Raises:
            NotCompiledError: there is none; the message says what the nearest one was built for.
            IntegrityError: it is not what was built, or others may have written it.
            EngineError: it cannot be read.
        """
        if not self._folder.is_dir():
            raise NotCompiledError(f"there is no plan of {key}", hint=_BUILD_HINT)
        require_private(self._folder)
        try:
            return self._proven(key)
        except FileNotFoundError as error:
            raise NotCompiledError(
                f"there is no plan of {key}{self._nearest(key)}", hint=f"{_BUILD_HINT} on this device"
            ) from error
        except OSError as error:
            raise EngineError(
                f"the plan of {key} cannot be read: {error.strerror}", hint="check who may read the model folder"
            ) from error
        except IntegrityError:
            self.discard(key)
            raise

    def discard(self, key: PlanKey) -> None:
        """Delete the plan of a key, its manifest first; does nothing where there is none."""
        for path in (self._manifest(key), self._plan(key)):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise EngineError(
                    f"{path} must not be used and cannot be deleted: {error.strerror}", hint=f"delete {path} yourself"
                ) from error

    @contextmanager
    def building(self, key: PlanKey) -> Iterator[Path]:
        """Hold the right to build the plan of a key, and give where to write it. Waits for another builder.

        What was written there and not kept is deleted.

        Raises:
            EngineError: the folder cannot be written.
            IntegrityError: others may write to it.
        """
        make_private(self._folder)
        part = self._folder / f".part-{key.digest}"
        try:
            handle = os.open(self._path(key, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise EngineError(
                f"{self._folder} cannot be written: {error.strerror}", hint="run as the owner of the model folder"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            part.unlink(missing_ok=True)  # of a builder that was killed
            yield part
        finally:
            part.unlink(missing_ok=True)
            os.close(handle)

    def keep(self, key: PlanKey, part: Path, *, build_s: float) -> None:
        """Put what was built in its place, its manifest last. The caller is in ``building``.

        Args:
            key: what it was built for.
            part: the whole plan, on disk.
            build_s: how long that took.

        Raises:
            EngineError: the folder is read-only or full, or the plan is gone.
        """
        self.discard(key)
        try:
            plan = part.read_bytes()
            part.replace(self._plan(key))
        except OSError as error:
            raise EngineError(
                f"the plan of {key} cannot be kept: {error}", hint="free space in the model folder"
            ) from error
        manifest = {
            "format": _FORMAT,
            "key": key.facts,
            "plan_sha256": hashlib.sha256(plan).hexdigest(),
            "plan_bytes": len(plan),
            "build_s": round(build_s, 1),
        }
        ModelStore(self._folder).write(self._manifest(key), json.dumps(manifest, indent=2, sort_keys=True).encode())

    def timing_path(self, key: PlanKey) -> Path:
        """Return where the builder keeps what it measured on this device with this TensorRT, there or not."""
        major, minor = key.gpu.capability
        version = re.sub(r"[^0-9.]", "", key.tensorrt_version)
        return self._folder / f"{version}-{major}{minor}.timing"

    def _proven(self, key: PlanKey) -> bytes:
        manifest = _parsed(read_private(self._manifest(key), _MOST_MANIFEST_BYTES))
        wanted = manifest.get("plan_sha256")
        if manifest.get("format") != _FORMAT or manifest.get("key") != key.facts or not _is_hash(wanted):
            raise IntegrityError(f"the manifest of the plan of {key} was altered", hint=_BUILD_HINT)
        plan = read_private(self._plan(key), _MOST_PLAN_BYTES)
        if hashlib.sha256(plan).hexdigest() != wanted:
            raise IntegrityError(f"the plan of {key} is not the one that was built", hint=_BUILD_HINT)
        return plan

    def _nearest(self, key: PlanKey) -> str:
        """Say what a plan of the same model, shape and precision differs in, if there is one."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                facts = _parsed(read_private(path, _MOST_MANIFEST_BYTES)).get("key")
            except (OSError, IntegrityError):
                continue
            if isinstance(facts, dict) and all(
                facts.get(name) == key.facts[name] for name in ("model_id", "input_shape", "precision")
            ):
                differing = [name for name in key.facts if facts.get(name) != key.facts[name]]
                return f"; the one in the model folder was built with another {', '.join(differing)}"
        return ""

    def _path(self, key: PlanKey, suffix: str) -> Path:
        return self._folder / f"{key.digest}.{suffix}"

    def _plan(self, key: PlanKey) -> Path:
        return self._path(key, "plan")

    def _manifest(self, key: PlanKey) -> Path:
        return self._path(key, "json")


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IntegrityError("the manifest of a plan cannot be parsed", hint=_BUILD_HINT) from error
    if not isinstance(manifest, dict):
        raise IntegrityError("the manifest of a plan is no object", hint=_BUILD_HINT)
    return manifest


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
