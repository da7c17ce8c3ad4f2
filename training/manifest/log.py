"""The log of a dataset: one file of signed, hash-chained lines that only grows.

::

    {"body": {"sequence", "previous", "time", "author", "entry"}, "key_id", "signature"}

Each line is canonical JSON (RFC 8785). ``previous`` is the hash of the whole line before, so a line that was changed,
removed, inserted or moved breaks the chain; what was cut off at the end shows against a head that was noted elsewhere
(``training verify --head``), and against every version that was sealed later.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from edge.domain.clock import Clock
from edge.domain.errors import EdgeError, StoreError, TrustError, UsageError
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.trust.file_writing import public_folder
from edge.trust.signing import Signer, key_id, verify
from training.manifest.entries import Body, Entry, Founded, SignedLine
from training.manifest.rules import applied
from training.manifest.standing import Dataset

LOG_FILE = "log.jsonl"
_SIGNED = "egate-dataset-v1"
_CHAINED = "egate-dataset-line-v1"


class ManifestLog:
    """The log in one folder."""

    def __init__(self, folder: Path) -> None:
        """Name the dataset's folder; nothing is opened yet."""
        self.path = folder / LOG_FILE

    def read(self, *, administrator: bytes | None = None) -> Dataset:
        """Return the dataset after every line was checked: form, chain, signature, and the author's right.

        Args:
            administrator: public key of who must have founded it, where that is known from elsewhere.

        Raises:
            StoreError: there is no log, or it cannot be read.
            TrustError: a line is not what it claims to be; the message names it.
        """
        dataset = _folded(self._lines())
        if administrator is not None and dataset.founder != administrator:
            raise TrustError(
                f"{self.path} was not founded by the key {key_id(administrator)}",
                hint="you may hold another dataset, or a forged one: get it again from where it is kept",
            )
        return dataset

    def hash_at(self, sequence: int) -> str:
        """Return the hash of the line of ``sequence``, 64 hexadecimal digits; empty where the log has none."""
        return next((_hash(line) for number, line in enumerate(self._lines()) if number == sequence), "")

    def append(self, entry: Entry, *, signer: Signer, clock: Clock, seen: str | None = None) -> Dataset:
        """Write one more entry, durably, and return the dataset after it. Nothing is written that would be refused.

        Args:
            entry: what was done.
            signer: the author's key.
            clock: for the entry's time.
            seen: hash of the last line that the author had seen; None = the entry holds whatever came since.

        Raises:
            StoreError: the log cannot be read or written.
            TrustError: the log does not verify, or the author may not do that.
            UsageError: the entry contradicts itself or what stands, or somebody wrote since ``seen``.
        """
        with self._locked():
            if isinstance(entry, Founded):
                if self.path.exists() and self.path.stat().st_size:
                    raise TrustError(f"{self.path} is there already", hint="name a new folder for a new dataset")
                dataset, author = Dataset(), entry.administrator
            else:
                dataset = self.read()
                author = dataset.roster.holder_of(signer.public_key).name
            if seen is not None and dataset.head != seen:
                raise UsageError("somebody wrote to the log meanwhile", hint="look at what changed, then do it again")
            body = Body(
                sequence=dataset.sequence + 1, previous=dataset.head, time=clock.utc(), author=author, entry=entry
            )
            line = _signed(body, signer)
            after = applied(dataset, body, _hash(line))
            self._write(line)
        return after

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        return  # a write that never finished was never acknowledged
                    yield line[:-1]
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be read: {error.strerror}",
                hint="name a dataset's folder, or 'training init' one",
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        public_folder(self.path.parent)
        try:
            handle = os.open(self.path.with_name(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(
                f"{self.path.parent} cannot be written: {error.strerror}", hint="let this user write there"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, line: bytes) -> None:
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            with os.fdopen(handle, "r+b", buffering=0) as file:
                end = _whole_lines_end(file.read())
                file.truncate(end)
                file.seek(end)
                file.write(line + b"\n")
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written: {error.strerror}", hint="free space there, and let this user write"
            ) from error


def author_key(body: Body, dataset: Dataset) -> bytes:
    """Return the public key that must have signed ``body``, which would be the next entry of ``dataset``.

    Raises:
        TrustError: its author is nobody here.
    """
    if isinstance(body.entry, Founded):
        return bytes.fromhex(body.entry.public_key)
    member = dataset.roster.members.get(body.author)
    if member is None:
        raise TrustError(f"nobody here is called {body.author!r}", hint="restore the log from a copy that verifies")
    return member.public_key


def _folded(lines: Iterator[bytes]) -> Dataset:
    dataset = Dataset()
    for number, line in enumerate(lines):
        try:
            dataset = _next(dataset, line)
        except EdgeError as error:
            raise TrustError(f"line {number + 1} of the log: {error}", hint=error.hint) from error
    if not dataset.name:
        raise TrustError("the log is empty", hint="found the dataset: 'training init'")
    return dataset


def _next(dataset: Dataset, line: bytes) -> Dataset:
    signed = _parsed(line)
    body = signed.body
    if body.sequence != dataset.sequence + 1 or body.previous != dataset.head:
        raise TrustError(
            "it does not follow the line before: something was changed, removed or moved",
            hint="restore the log from a copy that verifies",
        )
    key = author_key(body, dataset)
    if signed.key_id != key_id(key):
        raise TrustError(
            f"it is signed by the key {signed.key_id}, which is not {body.author}'s",
            hint="restore the log from a copy that verifies",
        )
    verify(_canonical(body), bytes.fromhex(signed.signature), public_key=key, context=_SIGNED)
    return applied(dataset, body, _hash(line))


def _parsed(line: bytes) -> SignedLine:
    try:
        signed = SignedLine.model_validate_json(line)
    except ValidationError as error:
        raise TrustError(
            f"it is malformed: {error.errors()[0]['msg']}", hint="restore the log from a copy that verifies"
        ) from error
    if _text(signed) != line:
        raise TrustError("it is not in its one canonical form", hint="restore the log from a copy that verifies")
    return signed


def _signed(body: Body, signer: Signer) -> bytes:
    signature = signer.sign(_canonical(body), context=_SIGNED).hex()
    return _text(SignedLine(body=body, key_id=signer.key_id, signature=signature))


def _canonical(body: Body) -> bytes:
    return canonical_json(body.model_dump(mode="json"))


def _text(line: SignedLine) -> bytes:
    return canonical_json(line.model_dump(mode="json"))


def _hash(line: bytes) -> str:
    return tagged_sha256(_CHAINED, line).hex()


def _whole_lines_end(content: bytes) -> int:
    return content.rfind(b"\n") + 1
