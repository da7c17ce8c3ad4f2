"""The log of a dataset: whatever is done to the file shows, and nothing that is refused is written."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.errors import StoreError, TrustError
from edge.trust.canonical import canonical_json
from tests.support.datasets import TrialDataset, facts, sha_of, signer_of
from training.manifest.entries import Contributed
from training.manifest.log import ManifestLog


@pytest.fixture
def trial(tmp_path: Path) -> TrialDataset:
    made = TrialDataset(tmp_path / "data").founded()
    made.trusted(1, 2, 3)
    made.seal()
    return made


def lines_of(trial: TrialDataset) -> list[bytes]:
    return trial.log.path.read_bytes().splitlines(keepends=True)


def test_what_was_written_is_read(trial: TrialDataset) -> None:
    stands = trial.log.read()
    assert stands.name == "trial"
    assert list(stands.pictures) == [sha_of(n) for n in (1, 2, 3)]
    assert stands.sequence + 1 == len(lines_of(trial))
    assert len(stands.versions) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_found(trial: TrialDataset, data: st.DataObject) -> None:
    whole = b"".join(lines_of(trial))
    place = data.draw(st.integers(0, len(whole) - 2))
    other = data.draw(st.integers(1, 255))
    forged = trial.folder / "forged"
    forged.mkdir(exist_ok=True)
    changed = bytearray(whole)
    changed[place] ^= other
    (forged / "log.jsonl").write_bytes(bytes(changed))
    with pytest.raises(TrustError, match=r"line|empty"):
        ManifestLog(forged).read()


def test_removed_swapped_and_inserted_lines_are_found(trial: TrialDataset) -> None:
    whole = lines_of(trial)
    for bad in (
        whole[:5] + whole[6:],
        [*whole[:5], whole[6], whole[5], *whole[7:]],
        [*whole[:6], whole[5], *whole[6:]],
    ):
        trial.log.path.write_bytes(b"".join(bad))
        with pytest.raises(TrustError, match="does not follow"):
            trial.log.read()


def test_a_cut_end_shows_against_a_head_that_was_noted(trial: TrialDataset) -> None:
    stands = trial.log.read()
    assert trial.log.hash_at(stands.sequence) == stands.head
    trial.log.path.write_bytes(b"".join(lines_of(trial)[:-1]))
    assert trial.log.read().sequence == stands.sequence - 1
    assert trial.log.hash_at(stands.sequence) == ""


def test_a_write_that_never_finished_is_not_there_and_is_written_over(trial: TrialDataset) -> None:
    before = trial.log.read()
    with trial.log.path.open("ab") as file:
        file.write(b'{"body":{"sequ')
    assert trial.log.read() == before
    after = trial.contribute(facts(9))
    assert trial.log.read() == after
    assert after.sequence == before.sequence + 1


def test_a_line_that_another_member_signed_is_found(trial: TrialDataset) -> None:
    whole = lines_of(trial)
    last = json.loads(whole[-1])
    signer = signer_of("rita")
    last["key_id"] = signer.key_id
    last["signature"] = signer.sign(canonical_json(last["body"]), context="egate-dataset-v1").hex()
    trial.log.path.write_bytes(b"".join(whole[:-1]) + canonical_json(last) + b"\n")
    with pytest.raises(TrustError, match="not cora's"):
        trial.log.read()


def test_a_line_that_is_signed_but_not_allowed_is_found(trial: TrialDataset) -> None:
    whole = lines_of(trial)
    body = json.loads(whole[-1])["body"] | {"author": "rita"}
    signer = signer_of("rita")
    signature = signer.sign(canonical_json(body), context="egate-dataset-v1").hex()
    forged = canonical_json({"body": body, "key_id": signer.key_id, "signature": signature})
    trial.log.path.write_bytes(b"".join(whole[:-1]) + forged + b"\n")
    with pytest.raises(TrustError, match="rita may not seal"):
        trial.log.read()


def test_another_spelling_of_the_same_line_is_found(trial: TrialDataset) -> None:
    whole = lines_of(trial)
    trial.log.path.write_bytes(b"".join(whole[:-1]) + json.dumps(json.loads(whole[-1])).encode() + b"\n")
    with pytest.raises(TrustError, match="canonical"):
        trial.log.read()


def test_whoever_founded_it_is_asked_for(trial: TrialDataset) -> None:
    assert trial.log.read(administrator=signer_of("ada").public_key).name == "trial"
    with pytest.raises(TrustError, match="not founded by"):
        trial.log.read(administrator=signer_of("rita").public_key)


def test_a_stranger_writes_nothing(trial: TrialDataset) -> None:
    before = trial.log.path.read_bytes()
    with pytest.raises(TrustError, match="belongs to nobody"):
        trial.write("mallory", Contributed(source="x", license="x", consent="x", pictures=(facts(9),)))
    assert trial.log.path.read_bytes() == before


def test_a_folder_without_a_log(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        ManifestLog(tmp_path).read()
    (tmp_path / "log.jsonl").write_bytes(b"")
    with pytest.raises(TrustError, match="empty"):
        ManifestLog(tmp_path).read()


def test_a_dataset_is_founded_once(trial: TrialDataset) -> None:
    with pytest.raises(TrustError, match="there already"):
        trial.founded()
