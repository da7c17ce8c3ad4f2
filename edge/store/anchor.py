"""What the gallery was last, kept outside the database: a database that is put back alone does not fit it any more.

A text file, signed by the gate: the counter, the manifest's digest, and everybody's mark, so that a difference has a
name. It holds random references and keyed hashes, nothing biometric. Written whole, after the change has committed;
so a crash in between leaves it one change behind, never more.
"""

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from edge.domain.errors import StoreError, TrustError
from edge.domain.match import SubjectRef
from edge.store.manifest import Manifest, Marks
from edge.trust.file_writing import private_folder, replace_file
from edge.trust.signing import Signer, verify

ANCHOR_FILE: Final = "gallery.anchor"
_CONTEXT = "egate-gallery-anchor-v1"
_MOST_BYTES = 64 * 2**20
_HINT = "keep a copy of the state folder for inspection; 'edge-gate people accept' shows what differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """What the anchor says.

    Attributes:
        chain_id: which database.
        counter: how many changes the gallery had seen.
        manifest: digest of its manifest then, hexadecimal.
        marks: everybody's mark then.
    """

    chain_id: str
    counter: int
    manifest: str
    marks: Marks


@final
class Anchor:
    """The file. Its writers hold the database's write lock, so that it never goes back.

    Args:
        path: where it lies; better on another medium than the database.
        signer: the gate's key.
    """

    def __init__(self, path: Path, signer: Signer) -> None:
        self.path = path
        self._signer = signer

    def read(self) -> Anchored | None:
        """Return what it says; None when it is not there.

        Raises:
            TrustError: the gate did not write it so.
            StoreError: it cannot be read.
        """
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                content = file.read(_MOST_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"the gallery's anchor {self.path} cannot be read: {error.strerror}",
                hint="let the gate's user, and nobody else, read and write it; a link is refused",
            ) from error
        text, _, signature = content.rpartition(b"signature ")
        try:
            verify(
                text,
                base64.b64decode(signature.strip(), validate=True),
                public_key=self._signer.public_key,
                context=_CONTEXT,
            )
            return _parsed(text.decode())
        except (TrustError, ValueError) as error:
            raise TrustError(f"the gallery's anchor {self.path} was altered", hint=_HINT) from error

    def keep(self, manifest: Manifest, marks: Marks) -> None:
        """Write what the gallery is now.

        Raises:
            StoreError: it cannot be written.
        """
        lines = [
            _CONTEXT,
            f"chain {manifest.chain_id}",
            f"counter {manifest.counter}",
            f"manifest {manifest.digest}",
            *(f"{subject} {marks[subject].hex()}" for subject in sorted(marks)),
        ]
        text = ("\n".join(lines) + "\n").encode()
        signature = base64.b64encode(self._signer.sign(text, context=_CONTEXT))
        private_folder(self.path.parent)
        replace_file(self.path, text + b"signature " + signature + b"\n", mode=0o600)


def _parsed(text: str) -> Anchored:
    """Return what a text of ours says.

    Raises:
        ValueError: it is none.
    """
    form, *lines = text.splitlines()
    if form != _CONTEXT:
        raise ValueError("another form")
    pairs = [line.split(" ") for line in lines]
    (_, chain_id), (_, counter), (_, manifest) = pairs[:3]
    marks = {SubjectRef(subject): bytes.fromhex(mark) for subject, mark in pairs[3:]}
    return Anchored(chain_id=chain_id, counter=int(counter), manifest=manifest, marks=marks)
