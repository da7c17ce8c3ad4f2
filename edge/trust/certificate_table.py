"""The patch certificate's table of the profile, ``[certificate.NAME]``, and its array."""

from collections.abc import Mapping
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from edge.domain.certificate import Alignment, Certificate, Mask
from edge.trust.array_archive import ArrayTerms, FloatArray
from edge.trust.profile_points import CosinePoint, Name, Share, Table

_MOST_MASKS = 64


class MaskTable(CosinePoint):
    """One mask: where it lies, as shares of the crop's side; what hides; least score of the copy without it.

    ``row`` is its place in the array of centers, from 0.
    """

    row: Annotated[int, Field(ge=0, lt=_MOST_MASKS)]
    group: Name
    x: Share
    y: Share
    width: Annotated[float, Field(gt=0, le=1)]
    height: Annotated[float, Field(gt=0, le=1)]
    fill: Annotated[int, Field(ge=0, le=255)]


class CertificateTable(Table):
    """A certificate. ``bound`` is by group of masks; the centers are the array ``certificate.NAME.centers``."""

    model: Name
    alignment: Annotated[Alignment, Field(strict=False)]
    bound: dict[Name, Share]
    mask: dict[Name, MaskTable] = Field(min_length=1, max_length=_MOST_MASKS)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if sorted(mask.row for mask in self.mask.values()) != list(range(len(self.mask))):
            raise ValueError("the rows of the masks must be 0, 1, 2 and so on, each once")
        if {mask.group for mask in self.mask.values()} != self.bound.keys():
            raise ValueError("bound must name the groups of the masks, no more and no fewer")
        return self


def centers_name(name: str) -> str:
    """Return the name of a certificate's array."""
    return f"certificate.{name}.centers"


def certificate_terms(tables: Mapping[str, CertificateTable]) -> dict[str, ArrayTerms]:
    """Return what the certificates ask of the archive."""
    return {centers_name(name): ArrayTerms(dimensions=2, dtype="float32") for name in tables}


def certificates_from(
    tables: Mapping[str, CertificateTable], arrays: Mapping[str, FloatArray]
) -> tuple[Certificate, ...]:
    """Return the certificates that the tables describe.

    Raises:
        ValueError: a table and its array do not fit together.
    """
    return tuple(_certificate(name, table, arrays[centers_name(name)]) for name, table in tables.items())


def certificate_tables(certificates: tuple[Certificate, ...]) -> dict[str, object]:
    """Return the tables of certificates by name."""
    return {
        certificate.name: {
            "model": certificate.model_id,
            "alignment": certificate.alignment.value,
            "bound": {group: float(bound) for group, bound in certificate.bounds.items()},
            "mask": {
                mask.name: {
                    "row": row,
                    "group": mask.group,
                    "x": float(mask.x),
                    "y": float(mask.y),
                    "width": float(mask.width),
                    "height": float(mask.height),
                    "fill": mask.fill,
                    "threshold": float(certificate.thresholds[row]),
                }
                for row, mask in enumerate(certificate.masks)
            },
        }
        for certificate in certificates
    }


def _certificate(name: str, table: CertificateTable, centers: FloatArray) -> Certificate:
    rows = sorted(table.mask.items(), key=lambda item: item[1].row)
    return Certificate(
        name=name,
        model_id=table.model,
        alignment=table.alignment,
        masks=tuple(
            Mask(name=n, group=m.group, x=m.x, y=m.y, width=m.width, height=m.height, fill=m.fill) for n, m in rows
        ),
        centers=centers.astype(np.float32, copy=False),
        thresholds=np.array([mask.threshold for _, mask in rows]),
        bounds=dict(table.bound),
    )
