"""Redaction: whatever somebody hands to a log line, no secret and no face comes out of it."""

import json
import time
from typing import Any

import numpy as np
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.embedding import Binding, Embedding
from edge.domain.match import SubjectRef
from edge.store.person import Person
from edge.telemetry.logs import configure_logs
from edge.telemetry.redaction import REDACTED, cleaned, cleaned_text
from tests.support.messages import NOON

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
    "value",
    [
        *(HIDDEN.encode(), bytearray(b"x"), memoryview(b"x"), ROW, np.float32(0.25), [ROW], {"a": ROW}),
        *(ROW.tolist(), tuple(ROW.tolist()), ROW.reshape(32, 4).tolist(), list(range(128)), frozenset(ROW.tolist())),
    ],
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
    f"Authorization: Bearer {HIDDEN}",
    f"Person(subject='p-1', label='{HIDDEN} the first')",
    f"rtsp://root:a/b@{HIDDEN}@10.0.0.1/1",
    f"9rtsp://root:{HIDDEN}@10.0.0.1/1",
    f"password='cut off in the middle {HIDDEN}",
    f"password='it\\'s {HIDDEN}'",
    f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}\n-----END PRIVATE KEY-----",
    f"cut off: -----BEGIN EC PRIVATE KEY-----\n{HIDDEN}",
)


def fail(what: object) -> None:
    raise ValueError(what)


def fail_twice(what: object) -> None:
    try:
        fail(what)
    except ValueError as error:
        raise OSError(f"while trying {what}") from error


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


def test_what_is_long_is_cleaned_before_it_is_cut() -> None:
    for length in range(16_360, 16_390):
        assert "hunter" not in cleaned_text("x" * length + f"://u:{HIDDEN}@h")


def test_what_is_long_or_deep_is_cut_short() -> None:
    assert len(cleaned_text("x " * 100_000)) < 20_000
    deep: dict[str, Any] = {}
    deep["a"] = deep
    assert REDACTED in json.dumps(cleaned("outer", deep))


@pytest.mark.parametrize("unit", ["a", "a-", "1", "0.1 ", "://", "password=", "password='", "-----BEGIN ", " ", "\\"])
def test_no_foreign_text_takes_long(unit: str) -> None:
    begun_s = time.process_time()
    cleaned_text(unit * (200_000 // len(unit)))
    assert time.process_time() - begun_s < 5  # a quadratic pattern takes minutes


SECRETS = st.text(alphabet="QXZ", min_size=12, max_size=24)
FILLING = st.text(alphabet="abc 019.,:;/@=()[]{}\n", max_size=30)
FACES = st.lists(st.floats(0.1, 0.9).map(lambda x: round(x, 4) + 0.00007), min_size=16, max_size=64)


def spoken(secret: str, before: str, after: str) -> list[object]:
    """Every way in which a secret or a name is put into words; the ends of what is put around it are blank."""
    return [
        f"{before} rtsp://root:{secret}@10.0.0.1/1 {after}",
        f"{before} mqtts://{secret}@broker {after}",
        f"{before} password={secret} {after}",
        f"{before} {{'api_key': '{secret}'}} {after}",
        f"{before} Authorization: Bearer {secret} {after}",
        f"{before} -----BEGIN PRIVATE KEY-----{secret}-----END PRIVATE KEY----- {after}",
        {"signing_key": secret},
        {"label": secret, "note": before},
        {f"rtsp://u:{secret}@h": after},
        secret.encode(),
        Person(subject=SubjectRef("p-1"), label=secret, consent_note=secret, created=NOON, templates=1, crops=0),
    ]


def faces(row: list[float]) -> list[object]:
    """Every form that an embedding takes on its way to a line."""
    array = np.array(row)
    return [
        row,
        tuple(row),
        [row[i : i + 4] for i in range(0, len(row), 4)],
        array,
        array.astype(np.float32),
        {"anything": array},
        str(row),
        str(array),
        str(array[: len(array) // 4 * 4].reshape(-1, 4)),
        array.tobytes(),
    ]


def nested(value: object, path: list[str]) -> object:
    """Put a value into lists, mappings and exceptions."""
    for step in path:
        value = {"list": [value], "mapping": {"inner": value}, "error": ValueError(value)}[step]
    return value


def told_by(form: str, value: object, capsys: pytest.CaptureFixture[str]) -> str:
    """Log a value as a field, and as an exception with a cause; return what was written."""
    configure_logs(form=form)
    log = structlog.get_logger("t")
    try:
        fail_twice(value)
    except OSError as error:
        log.exception("thing.failed", field=value, error=error)
    return capsys.readouterr().err


PATHS = st.lists(st.sampled_from(["list", "mapping", "error"]), max_size=3)
FORMS = st.sampled_from(["json", "text"])
AT_LENGTH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@AT_LENGTH
@given(st.data(), SECRETS, FILLING, FILLING, PATHS, FORMS)
def test_no_credential_and_no_name_comes_out(
    capsys: pytest.CaptureFixture[str],
    data: st.DataObject,
    secret: str,
    before: str,
    after: str,
    path: list[str],
    form: str,
) -> None:
    said = data.draw(st.sampled_from(spoken(secret, before, after)))
    told = told_by(form, nested(said, path), capsys)
    assert "thing.failed" in told
    assert secret not in told, said


@AT_LENGTH
@given(st.data(), FACES, PATHS, FORMS)
def test_no_embedding_comes_out(
    capsys: pytest.CaptureFixture[str], data: st.DataObject, row: list[float], path: list[str], form: str
) -> None:
    told = told_by(form, nested(data.draw(st.sampled_from(faces(row))), path), capsys)
    assert "thing.failed" in told
    seen = {f"{number:.4f}"[:-1] for number in row}
    assert sum(number in told for number in seen) < 8, told


@given(st.text(max_size=300))
def test_whatever_text_comes_a_login_in_it_goes(text: str) -> None:
    assert cleaned_text(f"{text} rtsp://u:{HIDDEN}@h").count(HIDDEN) <= text.count(HIDDEN)
