"""Checkpoints: signed by one key, over every field, and read from whatever carried them off the device."""

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.audit import AuditHead
from edge.domain.errors import TrustError
from edge.trust.checkpoint import CONTEXT, Checkpoint, read_checkpoints, sign_checkpoint
from edge.trust.signing import Signer

SIGNER, OTHER = Signer(bytes(32)), Signer(bytes(range(32)))
HEAD = AuditHead(chain_id="c" * 32, seq=7, hash=bytes(range(32)))
NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)
SIGNED = sign_checkpoint(HEAD, "/egate/site/gate", SIGNER, NOON)


def test_it_says_where_the_chain_ends_and_holds_under_its_key_alone() -> None:
    assert (SIGNED.chain, SIGNED.sequence, SIGNED.hash) == (HEAD.chain_id, 7, HEAD.hash)
    assert SIGNED.time == "2026-03-14T12:00:00.000Z"
    SIGNED.refuse_unsigned([OTHER.public_key, SIGNER.public_key])
    with pytest.raises(TrustError, match="none of those") as caught:
        SIGNED.refuse_unsigned([OTHER.public_key])
    assert caught.value.hint
    with pytest.raises(TrustError):
        SIGNED.refuse_unsigned([])


@pytest.mark.parametrize(
    "change",
    [
        {"chain": "d" * 32},
        {"sequence": 6},
        {"head": "0" * 64},
        {"source": "/egate/site/other"},
        {"time": "2026-03-14T12:00:00.001Z"},
        {"key_id": OTHER.key_id},
        {"signature": "AAAA"},
        {"signature": "not base64"},
    ],
)
def test_no_field_can_be_changed(change: dict[str, object]) -> None:
    with pytest.raises(TrustError):
        replace(SIGNED, **change).refuse_unsigned([SIGNER.public_key, OTHER.public_key])  # type: ignore[arg-type] # one field


def test_a_signature_for_something_else_is_none() -> None:
    import base64

    from edge.trust.canonical import canonical_json

    signature = SIGNER.sign(canonical_json(SIGNED.statement()), context="egate-event-v1")
    forged = replace(SIGNED, signature=base64.b64encode(signature).decode())
    with pytest.raises(TrustError, match=CONTEXT):
        forged.refuse_unsigned([SIGNER.public_key])


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(SIGNED.document()),
        json.dumps(
            {"event": "audit.checkpoint_signed", "level": "info", "checkpoint": json.dumps(SIGNED.document())}
        ),
        json.dumps({"checkpoint": SIGNED.document()}),
        json.dumps({**SIGNED.document(), "more": "in a later version"}),
    ],
)
def test_it_is_read_as_published_as_logged_and_as_exported(line: str) -> None:
    assert read_checkpoints(f"\n{line}\n\n{line}") == (SIGNED, SIGNED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "{}",
        "[]",
        "7",
        "nonsense",
        "[" * 5_000,
        "[" * 3_000,
        json.dumps({**SIGNED.document(), "sequence": "7"}),
        json.dumps({**SIGNED.document(), "sequence": True}),
        json.dumps({**SIGNED.document(), "sequence": -1}),
        json.dumps({**SIGNED.document(), "sequence": 2**53}),
        json.dumps({**SIGNED.document(), "head": "xyz"}),
        json.dumps({**SIGNED.document(), "time": None}),
        json.dumps({"checkpoint": "nonsense"}),
        json.dumps({"checkpoint": 7}),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(TrustError, match="no checkpoint") as caught:
        read_checkpoints(text)
    assert caught.value.exit_code == 4
    assert caught.value.hint


@given(st.text(max_size=200))
def test_any_text_ends_in_a_fault_of_ours_or_in_checkpoints(text: str) -> None:
    try:
        found = read_checkpoints(text)
    except TrustError:
        return
    assert all(isinstance(checkpoint, Checkpoint) for checkpoint in found)
