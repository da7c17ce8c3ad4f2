"""The patch certificate: every occluded copy of a face must match the candidate's equally occluded template.

If a patch lies wholly inside a mask, the copy without it does not depend on what is printed on the patch. Xiang,
Mahloujifar and Mittal, "PatchCleanser", USENIX Security 2022, hide parts in turn for the same reason. What is
claimed, under which conditions, is in docs/defenses/certificate.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.defenses.base import Check, FloatArray, error_finding, finding_of
from edge.domain.certificate import Certificate
from edge.domain.finding import Finding
from edge.domain.mask_family import MaskFamily, families_of

NAME = "occlude"

ENROLL_HINT = "run 'edge-gate people rederive', or enroll this person again"


class Occlude:
    """All copies of all certificates must hold on one and the same frame; none makes up for another.

    Args:
        certificates: at least one; each asks for copies of a family of masks.
    """

    name = NAME

    def __init__(self, certificates: Sequence[Certificate]) -> None:
        if not certificates:
            raise ValueError("the certificate defense needs a certificate")
        self._certificates = tuple(certificates)
        self.families = families_of(self._certificates)

    def lacking(self, templates: Mapping[str, NDArray[np.float64]]) -> tuple[str, ...]:
        """Return the certificates that somebody has no template for."""
        return tuple(c.name for c in self._certificates if c.name not in templates)

    def judge(self, copies: Mapping[MaskFamily, FloatArray], templates: Mapping[str, NDArray[np.float64]]) -> Finding:
        """Compare every copy with its threshold. Never raises on bad evidence.

        Args:
            copies: float32 (masks, d) by family, of one face in one frame; NaN where no face was found again.
            templates: the candidate's, float64 (masks, d) by name of certificate.

        Returns:
            The finding of the tightest copy, named by its mask and certificate. ERROR when a copy or a template is
            missing, has another shape or is no number.
        """
        lacking = self.lacking(templates)
        if lacking:
            return error_finding(self.name, f"no occluded templates for {', '.join(lacking)}: {ENROLL_HINT}")
        checks: list[Check] = []
        for certificate in self._certificates:
            try:
                rows = copies[MaskFamily.of(certificate)]
                with np.errstate(invalid="ignore", divide="ignore"):  # what is no number is an error below
                    scores = certificate.scores(templates[certificate.name], rows)
            except (KeyError, ValueError) as error:
                return error_finding(self.name, f"missing evidence for {certificate.name}: {type(error).__name__}")
            if scores.shape != (len(certificate.masks),):
                return error_finding(self.name, f"missing evidence for {certificate.name}: {scores.shape}")
            checks += [
                Check(f"{mask.name} of {certificate.name}", float(score), float(threshold), is_floor=True)
                for mask, score, threshold in zip(certificate.masks, scores, certificate.thresholds, strict=True)
            ]
        return finding_of(self.name, checks)
