"""Redaction: whatever somebody hands to a log line, no secret and no face comes out of it."""

import json
from typing import Any

import numpy as np
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.embedding import Binding, Embedding
from edge.telemetry.logs import configure_logs
from edge.telemetry.redaction import REDACTED, cleaned, cleaned_text

HIDDEN = "hunter" + "2"
ROW = np.linspace(-0.9, 0.8, 128).astype(np.float32)

KEYS = (
    *("password", "broker_password", "passphrase", "secret", "client-secret", "signing_key", "gallery.key", "token"),
    *("credential", "authorization", "pin", "vector", "vectors", "embedding", "probe", "template", "landmarks"),
    *("crop", "pixels", "image", "score", "scores", "similarity", "label", "labels", "person", "PASSWORD"),
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [HIDDEN, 0.123, [HIDDEN], {"a": HIDDEN}, None])
def test_a_telling_key_has_no_value(key: str, value: object) -> None:
    assert cleaned(key, value) == REDACTED
    assert cleaned("outer", {"inner": [{key: value}]}) == {"inner": [{key: REDACTED}]}


@pytest.mark.parametrize("key", ["key_id", "keys_held", "subject", "reason", "templates_dir", "scored", "pinned"])
def test_other_keys_keep_theirs(key: str) -> None:
    assert cleaned(key, "value") == "value"


@pytest.mark.parametrize(
    "value", [HIDDEN.encode(), bytearray(b"x"), memoryview(b"x"), ROW, np.float32(0.25), [ROW], {"a": ROW}]
)
def test_bytes_and_arrays_are_never_written(value: object) -> None:
    told = json.dumps(cleaned("anything", value))
    assert REDACTED in told
    assert "0." not in told


TEXTS = (
    f"rtsp://root:{HIDDEN}@10.0.0.1/1",
    f"no answer from rtsps://root:{HIDDEN}@[::1]:322/live and mqtts://u:{HIDDEN}@h, twice",
    f"mqtt://u:{HIDDEN}@x@broker:1883",
    f"connect(host='x', password='{HIDDEN}')",
    f'{{"password": "{HIDDEN}"}}',
    f"EDGE_TOKEN={HIDDEN}",
    f"Authorization: {HIDDEN}",
    f"broker-password: {HIDDEN}",
    f"api_key={HIDDEN}&x=1",
    f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}\n-----END PRIVATE KEY-----",
    f"cut off: -----BEGIN EC PRIVATE KEY-----\n{HIDDEN}",
)


def fail(text: str) -> None:
    raise ValueError(text)


def fail_twice(text: str) -> None:
    try:
        fail(text)
    except ValueError as error:
        raise OSError(f"while trying {text}") from error


@pytest.mark.parametrize("text", TEXTS)
def test_secrets_in_a_text_are_cut_out(text: str) -> None:
    assert HIDDEN not in cleaned_text(text)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_in_an_exception_are_cut_out(capsys: pytest.CaptureFixture[str], text: str, form: str) -> None:
    configure_logs(form=form)
    try:
        fail_twice(text)
    except OSError as error:
        structlog.get_logger("t").exception("thing.failed", error=error, nested={"why": [error]}, text=text)
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "OSError" in told
    assert HIDDEN not in told


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_face_in_an_exception_is_cut_out(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure_logs(form=form)
    embedding = Embedding(Binding("m", "0" * 64, "r", "reference"), ROW / np.linalg.norm(ROW))
    try:
        fail(f"not alike: {(ROW * 1.5).tolist()} {ROW * 1.5}")
    except ValueError:
        structlog.get_logger("t").exception("thing.failed", one=embedding, other=(embedding, ROW), n=ROW.tolist())
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert told.count("0.") + told.count("1.") < 12, told
    assert "0.899" not in told
    assert "1.349" not in told


def test_an_address_without_a_login_and_plain_words_stay() -> None:
    for text in ("rtsp://10.0.0.1/1", "mail a@b.example", "2 of 3 people, 0.5 s, 1.5 s", "the password was wrong"):
        assert cleaned_text(text) == text


def test_what_is_long_or_deep_is_cut_short() -> None:
    assert len(cleaned_text("x" * 100_000)) < 20_000
    deep: dict[str, Any] = {}
    deep["a"] = deep
    assert REDACTED in json.dumps(cleaned("outer", deep))


@given(st.text(max_size=300))
def test_whatever_text_comes_it_is_cleaned_and_clean(text: str) -> None:
    once = cleaned_text(text)
    assert cleaned_text(f"{text} rtsp://u:{HIDDEN}@h").count(HIDDEN) == text.count(HIDDEN)
    assert isinstance(once, str)
