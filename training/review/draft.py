"""Decisions that are made and not sent: one private file a reviewer, so that nothing is lost with the page.

The file lies in the dataset's folder, where others may write. Its owner signs it, so that nobody slips decisions
under the reviewer's hand, and it names the dataset, so that it is no draft of another.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.domain.errors import StoreError, TrustError, UsageError
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.trust.file_writing import replace_file
from edge.trust.signing import Signer, verify
from training.manifest.entries import MOST_PICTURES_AN_ENTRY, Line, Sha256

MOST_MOVES = 2 * MOST_PICTURES_AN_ENTRY
_SIGNED = "egate-review-draft-v1"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Move(_Frozen):
    """One decision; a later one on the same picture replaces it.

    Attributes:
        sha256: the picture.
        approves: or rejects.
        reason: in words.
        seen: digest of what the reviewer was shown (:func:`training.review.session.digest_of_shown`).
    """

    sha256: Sha256
    approves: bool
    reason: Line
    seen: Sha256


class _Body(_Frozen):
    dataset: Sha256
    moves: tuple[Move, ...] = Field(max_length=MOST_MOVES)


class _Signed(_Frozen):
    body: _Body
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")


class DraftFile:
    """The draft of one reviewer of one dataset.

    Args:
        folder: the dataset's.
        signer: the reviewer's key.
        dataset: hash of the first line of its log.
    """

    def __init__(self, folder: Path, signer: Signer, dataset: str) -> None:
        self.path = folder / f".review-{signer.key_id}.json"
        self._signer = signer
        self._dataset = dataset

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second page of this reviewer away.

        Raises:
            UsageError: there is one.
            StoreError: the folder cannot be written.
        """
        try:
            handle = os.open(
                self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            raise StoreError(
                f"{self.path.parent} cannot be written: {error.strerror}", hint="let this user write there"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise UsageError(
                "you are reviewing this dataset already", hint="use that page, or end it with ctrl-C first"
            ) from error
        try:
            yield
        finally:
            os.close(handle)

    def read(self) -> tuple[Move, ...]:
        """Return the moves, oldest first; none where there is no draft.

        Raises:
            StoreError: it cannot be read.
            TrustError: it is malformed, of another dataset, or not signed by its reviewer.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StoreError(
                f"the draft {self.path} cannot be read: {error.strerror}", hint="let this user read it"
            ) from error
        hint = "find out who can write there; delete it, and decide anew"
        try:
            signed = _Signed.model_validate_json(content)
        except ValidationError as error:
            raise TrustError(f"the draft {self.path} is malformed", hint=hint) from error
        if signed.body.dataset != self._dataset:
            raise TrustError(f"the draft {self.path} is of another dataset", hint=hint)
        try:
            verify(
                _canonical(signed.body),
                bytes.fromhex(signed.signature),
                public_key=self._signer.public_key,
                context=_SIGNED,
            )
        except TrustError as error:
            raise TrustError(f"the draft {self.path} was not written by you", hint=hint) from error
        return signed.body.moves

    def write(self, moves: Sequence[Move]) -> None:
        """Keep these moves, durably; without any the file goes.

        Raises:
            StoreError: it cannot be written.
        """
        if moves:
            body = _Body(dataset=self._dataset, moves=tuple(moves))
            signature = self._signer.sign(_canonical(body), context=_SIGNED).hex()
            content = canonical_json(_Signed(body=body, signature=signature).model_dump(mode="json"))
            replace_file(self.path, content, mode=0o600)
            return
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be deleted: {error.strerror}", hint="let this user write there"
            ) from error


def revision_of(moves: Sequence[Move]) -> str:
    """Return a digest of moves: whoever sends names it, so that they send what they saw."""
    content = canonical_json({"moves": [move.model_dump(mode="json") for move in moves]})
    return tagged_sha256("egate-review-revision-v1", content).hex()


def _canonical(body: _Body) -> bytes:
    return canonical_json(body.model_dump(mode="json"))
