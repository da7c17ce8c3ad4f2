"""Evidence of attacks: what the gate measured of attacked pictures, without the pictures and without who is on them.

A file of it is written by ``redteam evidence`` and read where a learned head is fitted. It holds numbers, the names
of attacks, running numbers of scenes and victims, and what it was measured with: agreement and baselines are fits of
their own, and evidence that others measured would teach the head the difference between the two.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding
from edge.domain.errors import UsageError
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.trust.file_writing import public_folder, replace_file

Values = NDArray[np.float64]

_AGAIN = "make it again with 'edge-gate redteam evidence'"
_BASIS_TAG = "egate-attack-evidence-v1"
_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttackEvidence:
    """Measured attacks, a row an attacked picture.

    Attributes:
        basis: what it was measured with; see :func:`basis_of`.
        names: of the columns.
        values: float64 (n, columns); a row of NaN where the gate found no face.
        families: (n,) names of attacks.
        scenes: int64 (n,), a number a scene, the same in every family.
        victims: int64 (n,), a number a person.
    """

    basis: str
    names: tuple[str, ...]
    values: Values
    families: tuple[str, ...]
    scenes: NDArray[np.int64]
    victims: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.families)
        if self.values.shape != (count, len(self.names)) or self.scenes.shape != (count,):
            raise ValueError("every row needs a number a column, a family, a scene and a victim")
        if self.victims.shape != (count,) or len(set(self.names)) != len(self.names):
            raise ValueError("every row needs a victim, and every column a name of its own")

    def __len__(self) -> int:
        return len(self.families)

    @property
    def done(self) -> frozenset[tuple[str, int]]:
        """Family and scene of every row."""
        return frozenset(zip(self.families, self.scenes.tolist(), strict=True))

    def column(self, name: str) -> Values:
        """Return a column, float64 (n,).

        Raises:
            UsageError: it has none of that name.
        """
        if name not in self.names:
            raise UsageError(f"the evidence of attacks has no column {name!r}", hint=_AGAIN)
        values: Values = self.values[:, self.names.index(name)]
        return values

    def matrix(self, names: Sequence[str]) -> Values:
        """Return some columns in order, float64 (n, names). Raises as :meth:`column` does."""
        return np.stack([self.column(name) for name in names], axis=1)

    def only(self, is_kept: NDArray[np.bool_]) -> "AttackEvidence":
        """Return the rows of ``is_kept``, bool (n,)."""
        return replace(
            self,
            values=self.values[is_kept],
            families=tuple(np.array(self.families, dtype=object)[is_kept]),
            scenes=self.scenes[is_kept],
            victims=self.victims[is_kept],
        )

    def with_row(self, family: str, scene: int, victim: int, values: Mapping[str, float]) -> "AttackEvidence":
        """Return it with one row more.

        Raises:
            KeyError: a column is missing.
        """
        return replace(
            self,
            values=np.vstack([self.values, [values[name] for name in self.names]]),
            families=(*self.families, family),
            scenes=np.append(self.scenes, scene),
            victims=np.append(self.victims, victim),
        )


def no_evidence(basis: str, names: Sequence[str]) -> AttackEvidence:
    """Return evidence without rows."""
    none = np.zeros(0, np.int64)
    return AttackEvidence(
        basis=basis, names=tuple(names), values=np.zeros((0, len(names))), families=(), scenes=none, victims=none
    )


def basis_of(data_digest: str, bindings: Mapping[str, Binding]) -> str:
    """Return what evidence depends on, in hexadecimal: on which pictures the profile was fitted, which models."""
    models = {id_: [b.model_digest, b.recipe_digest, b.precision_class] for id_, b in bindings.items()}
    return tagged_sha256(_BASIS_TAG, canonical_json({"data": data_digest, "models": models})).hex()


def write_evidence(evidence: AttackEvidence, file: Path) -> None:
    """Replace ``file`` as a whole.

    Raises:
        StoreError: it cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        basis=np.array(evidence.basis),
        names=np.array(evidence.names),
        values=evidence.values,
        families=np.array(evidence.families, dtype=np.str_),
        scenes=evidence.scenes,
        victims=evidence.victims,
    )
    public_folder(file.parent)
    replace_file(file, buffer.getvalue())


def read_evidence(file: Path) -> AttackEvidence:
    """Read a file of evidence.

    Raises:
        UsageError: it is not there, or holds something else.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} is larger than evidence of attacks", hint=_AGAIN)
        with file.open("rb") as content, np.load(content, allow_pickle=False) as archive:
            return AttackEvidence(
                basis=str(archive["basis"]),
                names=tuple(map(str, archive["names"])),
                values=archive["values"].astype(np.float64),
                families=tuple(map(str, archive["families"])),
                scenes=archive["scenes"].astype(np.int64),
                victims=archive["victims"].astype(np.int64),
            )
    except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise UsageError(f"{file} holds no evidence of attacks: {error}", hint=_AGAIN) from error
