"""Who vouches for a profile, and for whom that is enough.

| signed by | production | development | commands that open no door |
| --- | --- | --- | --- |
| a key of the settings | yes | yes | yes |
| the development key | no | yes | yes |
| nobody | no | no: ``edge.daemon.profile_in_force`` | yes |
| any other key, or a signature that does not hold | no | no | no |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.domain.errors import TrustError
from edge.domain.profile import SignedBy
from edge.trust.development_key import DEVELOPMENT_PUBLIC_KEY
from edge.trust.environment import is_development
from edge.trust.profile_document import signed_body
from edge.trust.profile_file import SignatureTable
from edge.trust.signing import Signer, key_id, verify

_CONTEXT = "egate-profile-v1"


@dataclass(frozen=True, slots=True)
class Voucher:
    """Who signed a profile: whose key, and its id, empty where nobody did."""

    signed_by: SignedBy
    key_id: str = ""


def signature_of(document: Mapping[str, object], signer: Signer, where: Path) -> dict[str, object]:
    """Return the ``[signature]`` table of ``document``.

    Raises:
        ConfigError: a value of the document has no canonical form.
    """
    return {"key_id": signer.key_id, "value": signer.sign(signed_body(document, where), context=_CONTEXT).hex()}


def voucher_of(
    document: Mapping[str, object],
    signature: SignatureTable | None,
    where: Path,
    *,
    environment: str,
    trusted_keys: Iterable[bytes],
) -> Voucher:
    """Return who vouches for ``document``, if that is enough in ``environment``.

    Args:
        document: the profile's TOML document.
        signature: its table, checked for its form.
        where: the profile's folder, for messages.
        environment: ``development``; anything else counts as ``production``.
        trusted_keys: public keys, 32 raw bytes each, from the settings.

    Raises:
        TrustError: nobody signed it, or with a key that is not trusted here, or the signature does not hold.
    """
    if signature is None:
        if not is_development(environment):
            raise unsigned(where)
        return Voucher(SignedBy.NOBODY)
    every = {key_id(key): key for key in trusted_keys}
    development = key_id(DEVELOPMENT_PUBLIC_KEY)
    if signature.key_id == development:
        if not is_development(environment):
            raise TrustError(
                f"the profile in {where} is signed by the development key, which everybody has",
                hint="sign it with a key of your own: 'edge-gate calibrate sign', then list that key in "
                "trust.profile_keys; to try this one set environment = development",
            )
        every[development] = DEVELOPMENT_PUBLIC_KEY
    public_key = every.get(signature.key_id)
    if public_key is None:
        raise TrustError(
            f"the profile in {where} is signed by the key {signature.key_id}, which is not trusted here",
            hint="if that key is yours, add its public key to trust.profile_keys; else look at the profile and sign "
            "it with 'edge-gate calibrate sign'",
        )
    verify(signed_body(document, where), bytes.fromhex(signature.value), public_key=public_key, context=_CONTEXT)
    is_everybodys = signature.key_id == development
    return Voucher(SignedBy.DEVELOPMENT_KEY if is_everybodys else SignedBy.TRUSTED_KEY, signature.key_id)


def unsigned(where: Path | str) -> TrustError:
    """Return the fault of a profile that nobody vouches for."""
    return TrustError(
        f"the profile in {where} is not signed",
        hint="look at it with 'edge-gate calibrate show', then sign it with 'edge-gate calibrate sign'",
    )
