"""People go from gate to gate in a file that only the receiver opens, and that only the sender can have made."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.commands.app import run_command_line
from edge.daemon.models import serving_bindings
from edge.daemon.state import open_gate_state
from edge.domain.consent import ConsentBasis, RetentionTerms
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import TrustError
from edge.domain.masked_template import MaskedTemplate
from edge.settings.load import load_settings
from edge.store.state import State
from edge.store.transfer import PersonContents

_NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
_TERMS = RetentionTerms(
    basis=ConsentBasis.EXPLICIT_CONSENT, consented=_NOW, retain_until=dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
)


class Site:
    """A gate, its key and the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def run(self, *arguments: object, code: int = 0) -> list[dict[str, Any]]:
        words = [*map(str, arguments), "--state", str(self.folder), "--json"]
        found = run_command_line(words)
        said = self._capsys.readouterr()
        assert found == code, said
        assert "Traceback" not in said.err
        return [json.loads(line) for line in said.out.splitlines()]

    def open(self) -> State:
        return open_gate_state(load_settings(None, state_dir=self.folder))[0]

    @property
    def public_key(self) -> str:
        state, keys = open_gate_state(load_settings(None, state_dir=self.folder))
        state.close()
        return keys.signer.public_key.hex()

    def enroll(self, label: str, *, terms: RetentionTerms = _TERMS, **bound: str) -> None:
        bindings = [Binding(**({n: getattr(b, n) for n in Binding.__slots__} | bound)) for b in _bindings()]
        vectors = np.tile(_unit(3), (4, 1))
        vectors[2] = np.nan
        with self.open() as state:
            state.gallery.enroll(
                label=label,
                consent_note=f"form of {label}",
                created=_NOW,
                templates=[Embedding(binding, _unit(n)) for n, binding in enumerate(bindings)],
                crops=[b"one", b"two"],
                masked=[MaskedTemplate(binding=bindings[0], family="f" * 64, picture=0, vectors=vectors)],
                terms=terms,
            )

    def acts(self) -> list[str]:
        with self.open() as state:
            return [json.loads(record.body)["data"]["act"] for record in state.ledger.records()]


def _bindings() -> list[Binding]:
    return list(serving_bindings().values())


def _unit(axis: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    vector = np.zeros(8, np.float32)
    vector[axis] = 1
    return vector


@pytest.fixture
def sender(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Site:
    return Site(tmp_path / "sender", capsys)


@pytest.fixture
def receiver(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Site:
    return Site(tmp_path / "receiver", capsys)


@pytest.fixture
def file(tmp_path: Path, sender: Site, receiver: Site) -> Path:
    """Two people of the sender, for the receiver."""
    sender.enroll("Ada")
    sender.enroll("Bob")
    (made,) = receiver.run("people", "make-key", tmp_path / "key")
    sender.run("people", "export", tmp_path / "people", "--to", made["public_key"])
    return tmp_path / "people"


def _import(site: Site, file: Path, sender: Site, *more: str, code: int = 0) -> list[dict[str, Any]]:
    return site.run(
        "people", "import", file, "--key", file.parent / "key", "--from", sender.public_key, *more, code=code
    )


def test_importing_shows_first_and_enrolls_only_when_told(sender: Site, receiver: Site, file: Path) -> None:
    shown = _import(receiver, file, sender)
    assert [(r["subject"], r["ok"], r["is_applied"], r["detail"]) for r in shown] == [
        ("Ada", True, False, "would be enrolled"),
        ("Bob", True, False, "would be enrolled"),
    ]
    assert receiver.run("people", "list") == []
    _import(receiver, file, sender, "--apply")
    there, here = sender.run("people", "list"), receiver.run("people", "list")
    for before, after in zip(there, here, strict=True):
        assert before.pop("reference") != after.pop("reference")
        assert before | {"created": ""} == after | {"created": ""}
    assert receiver.acts() == ["imported", "imported"]
    assert sender.acts() == ["enrolled", "enrolled", "exported", "exported"]
    with sender.open() as one, receiver.open() as other:
        exported, imported = (
            [p.record() for p in s.gallery.export([q.subject for q in s.gallery.people()], "test")]
            for s in (one, other)
        )
    assert exported == imported


def test_the_file_is_private_and_hides_everybody(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    for secret in (b"Ada", b"form of", b"templates", _unit(1).tobytes()):
        assert secret not in file.read_bytes()


def test_pictures_can_stay_behind(sender: Site, receiver: Site, file: Path) -> None:
    key = receiver.run("people", "make-key", file.parent / "other")[0]["public_key"]
    sender.run("people", "export", file.parent / "bare", "Bob", "--to", key, "--discard-crops")
    (bob,) = receiver.run(
        "people", "import", file.parent / "bare", "--key", file.parent / "other", "--from", sender.public_key
    )
    assert (bob["subject"], bob["pictures"]) == ("Bob", 0)


def test_whoever_cannot_be_enrolled_is_named_and_the_rest_is(sender: Site, receiver: Site, file: Path) -> None:
    receiver.enroll("Ada")
    ada, bob = _import(receiver, file, sender, "--apply", code=1)
    assert "already" in ada["detail"]
    assert not ada["is_applied"]
    assert bob["is_applied"]
    assert len(receiver.run("people", "list")) == 2


@pytest.mark.parametrize("other", [{"model_digest": "x" * 64}, {"precision_class": "int8"}])
def test_templates_of_other_models_are_not_taken(
    tmp_path: Path, sender: Site, receiver: Site, other: dict[str, str]
) -> None:
    sender.enroll("Ada", terms=_TERMS, **other)
    key = receiver.run("people", "make-key", tmp_path / "key")[0]["public_key"]
    sender.run("people", "export", tmp_path / "people", "--to", key)
    (ada,) = _import(receiver, tmp_path / "people", sender, "--apply", code=1)
    assert "other models" in ada["detail"]
    assert receiver.run("people", "list") == []


def test_nobody_comes_whose_time_is_over(tmp_path: Path, sender: Site, receiver: Site) -> None:
    sender.enroll("Ada", terms=RetentionTerms(retain_until=_NOW + dt.timedelta(minutes=1)))
    key = receiver.run("people", "make-key", tmp_path / "key")[0]["public_key"]
    sender.run("people", "export", tmp_path / "people", "--to", key)
    (ada,) = _import(receiver, tmp_path / "people", sender, "--apply", code=1)
    assert "over already" in ada["detail"]


@pytest.mark.parametrize("kept", [0, 5, 30, 200, -1, -300])
def test_a_cut_off_file_enrolls_nobody(sender: Site, receiver: Site, file: Path, kept: int) -> None:
    file.write_bytes(file.read_bytes()[:kept])
    _import(receiver, file, sender, "--apply", code=4)
    assert receiver.run("people", "list") == []


def test_wrong_keys_senders_and_files_end_in_a_clear_error(sender: Site, receiver: Site, file: Path) -> None:
    run, gate = receiver.run, sender.public_key
    other = file.parent / "other"
    run("people", "make-key", other)
    key = file.parent / "key"
    run("people", "import", file, "--key", other, "--from", gate, code=4)
    run("people", "import", file, "--key", key, "--from", receiver.public_key, code=4)
    run("people", "import", file, "--key", key, "--from", "11", code=2)
    run("people", "import", file, "--key", key, "--from", "x" * 64, code=2)
    run("people", "import", file.parent / "none", "--key", key, "--from", gate, code=5)
    run("people", "import", file.parent, "--key", key, "--from", gate, code=5)
    run("people", "import", key, "--key", key, "--from", gate, code=4)
    run("people", "import", file, "--key", file.parent / "none", "--from", gate, code=4)
    key.chmod(0o640)
    run("people", "import", file, "--key", key, "--from", gate, code=4)
    assert receiver.run("people", "list") == []


def test_an_export_that_cannot_be_is_refused_and_not_recorded(sender: Site, file: Path) -> None:
    acts = sender.acts()
    good = "11" * 32
    sender.run("people", "export", file, "--to", good, code=2)
    sender.run("people", "export", file.parent / "new", "--to", "0", code=2)
    sender.run("people", "export", file.parent / "new", "Eve", "--to", good, code=2)
    assert sender.acts() == acts
    assert not (file.parent / "new").exists()


def test_an_empty_gallery_has_nothing_to_export(receiver: Site, tmp_path: Path) -> None:
    receiver.run("people", "export", tmp_path / "new", "--to", "11" * 32, code=2)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "egate-person-v2"},
        {"label": ""},
        {"label": "two\nlines"},
        {"basis": "because"},
        {"consented": "soon"},
        {"retain_until": "2026-01-01T00:00:00"},
        {"templates": [{"binding": ["a"], "vector": ""}]},
        {"templates": [{"binding": ["a", "b", "c", "d"], "vector": "AAAA"}]},
        {"crops": ["?"]},
        {"masked": [{}]},
    ],
)
def test_a_signed_record_of_another_form_is_refused(change: dict[str, Any]) -> None:
    person = PersonContents(
        label="Ada",
        consent_note="form",
        terms=_TERMS,
        templates=[Embedding(_bindings()[0], _unit(1))],
        masked=[],
        crops=[],
    )
    assert PersonContents.parse(person.record()).label == "Ada"
    assert "Ada" not in repr(person)
    with pytest.raises(TrustError) as caught:
        PersonContents.parse(dict(person.record()) | change)
    assert caught.value.hint
