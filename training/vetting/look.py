"""What frozen models see in the pictures of a dataset: arrays on disk, so that memory does not grow with it."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture, seen.

    Attributes:
        plain: float32 (d,) unit rows by model id.
        hidden: float32 (masks, d) unit rows of the verifier, with a part of the face hidden in turn.
        squeezed: float32 (d,) unit rows by model id, of the picture after a median filter.
    """

    plain: Mapping[str, Rows]
    hidden: Rows
    squeezed: Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a picture is said to be.

    Attributes:
        sha256: of its file.
        subject: who it is said to show.
        contributor: who brought it.
        perceptual: 64-bit hash of what it shows, hexadecimal.
        is_trusted: two reviewers approved it before this run.
    """

    sha256: str
    subject: str
    contributor: str
    perceptual: str
    is_trusted: bool


class LookTable:
    """Looks of pictures, one row each, in files that are deleted at the end. Use as a context manager.

    Args:
        verifier: the model whose hidden views are kept: the one that is never trained.
    """

    def __init__(self, verifier: str) -> None:
        self.verifier = verifier
        self.shown: list[Shown] = []
        self._folder = tempfile.TemporaryDirectory(prefix="edge-gate-looks-")
        self._arrays: dict[str, NDArray[np.float32]] = {}
        self._room = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._arrays.clear()
        self._folder.cleanup()

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def models(self) -> tuple[str, ...]:
        """Model ids, the verifier first."""
        others = (name.removeprefix("plain ") for name in self._arrays if name.startswith("plain "))
        return tuple(sorted(others, key=lambda model: (model != self.verifier, model)))

    def add(self, shown: Shown, look: Look) -> None:
        """Append a picture."""
        parts = {f"plain {model}": row for model, row in look.plain.items()}
        parts |= {f"squeezed {model}": row for model, row in look.squeezed.items()}
        parts["hidden"] = look.hidden
        if len(self.shown) == self._room:
            self._grow(parts)
        for name, part in parts.items():
            self._arrays[name][len(self.shown)] = part
        self.shown.append(shown)

    def plain(self, model: str) -> Rows:
        """Return float32 (n, d)."""
        return self._arrays[f"plain {model}"][: len(self)]

    def squeezed(self, model: str) -> Rows:
        """Return float32 (n, d)."""
        return self._arrays[f"squeezed {model}"][: len(self)]

    @property
    def hidden(self) -> Rows:
        """The verifier's hidden views, float32 (n, masks, d)."""
        return self._arrays["hidden"][: len(self)]

    def people(self) -> dict[str, Indices]:
        """Return the rows of every subject, by name."""
        return grouped([shown.subject for shown in self.shown])

    def _grow(self, parts: Mapping[str, Rows]) -> None:
        room = max(256, 2 * self._room)
        for name, part in parts.items():
            path = Path(self._folder.name) / f"{name} {room}.npy"
            grown = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(room, *part.shape))
            if self._room:
                grown[: self._room] = self._arrays[name]
                path.with_name(f"{name} {self._room}.npy").unlink()
            self._arrays[name] = grown
        self._room = room


def grouped(names: Sequence[str]) -> dict[str, Indices]:
    """Return the places of every name, in order of name."""
    order = np.argsort(np.array(names, dtype=object), kind="stable")
    groups: dict[str, list[int]] = {}
    for place in order.tolist():
        groups.setdefault(names[place], []).append(place)
    return {name: np.array(places, dtype=np.int64) for name, places in groups.items()}
