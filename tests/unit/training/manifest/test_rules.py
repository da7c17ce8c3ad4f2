"""What may be done to a dataset, and what comes of it."""

from pathlib import Path

import pytest

from edge.domain.errors import TrustError, UsageError
from tests.support.datasets import TrialDataset, facts, sha_of
from training.manifest.entries import Appointed, Entry, Recalled, Relabeled, Removed, Sealed, Used, Vetted
from training.manifest.lineage import trace
from training.manifest.standing import Status
from training.manifest.version import find_version, seal_of, trusted_pictures, version_id
from training.roles.role import Role


@pytest.fixture
def trial(tmp_path: Path) -> TrialDataset:
    return TrialDataset(tmp_path / "data").founded()


def status_of(trial: TrialDataset, number: int) -> Status:
    return trial.log.read().pictures[sha_of(number)].status


def test_a_picture_becomes_trusted_by_screens_and_two_people(trial: TrialDataset) -> None:
    trial.contribute(facts(1))
    assert status_of(trial, 1) is Status.NEW
    trial.vet([1])
    assert status_of(trial, 1) is Status.VETTED
    trial.review("rita", [1])
    assert status_of(trial, 1) is Status.VETTED
    trial.review("rita", [1])
    assert status_of(trial, 1) is Status.VETTED, "one person twice is one person"
    trial.review("ralf", [1])
    assert status_of(trial, 1) is Status.TRUSTED


def test_people_alone_are_not_enough(trial: TrialDataset) -> None:
    trial.contribute(facts(1))
    with pytest.raises(TrustError, match="not vetted"):
        trial.review("rita", [1])


def test_nobody_reviews_what_they_brought(trial: TrialDataset) -> None:
    trial.appoint("rita", Role.REVIEWER, Role.CONTRIBUTOR)
    trial.contribute(facts(1), author="rita")
    trial.vet([1])
    with pytest.raises(TrustError, match="cannot review it"):
        trial.review("rita", [1])


def test_one_refusal_is_enough_until_it_is_taken_back(trial: TrialDataset) -> None:
    trial.trusted(1)
    trial.review("rita", [1], approves=False)
    assert status_of(trial, 1) is Status.REJECTED
    trial.review("ralf", [1])
    assert status_of(trial, 1) is Status.REJECTED
    trial.review("rita", [1])
    assert status_of(trial, 1) is Status.TRUSTED


def test_what_was_found_later_is_reviewed_again(trial: TrialDataset) -> None:
    trial.trusted(1)
    trial.vet([1], found=[1])
    assert status_of(trial, 1) is Status.QUARANTINED
    trial.review("rita", [1])
    trial.review("ralf", [1])
    assert status_of(trial, 1) is Status.TRUSTED
    trial.vet([1], found=[1])
    assert status_of(trial, 1) is Status.TRUSTED, "nothing new was found"


def test_another_label_begins_anew(trial: TrialDataset) -> None:
    trial.trusted(1)
    trial.write("cora", Relabeled(sha256=sha_of(1), subject="Another", reason="wrong name"))
    assert status_of(trial, 1) is Status.NEW
    assert trial.log.read().pictures[sha_of(1)].facts.subject == "Another"


def test_a_picture_keeps_one_origin(trial: TrialDataset) -> None:
    trial.contribute(facts(1))
    with pytest.raises(TrustError, match="here already, from carl"):
        trial.contribute(facts(1, "Another"))


def test_nothing_is_done_to_a_removed_picture(trial: TrialDataset) -> None:
    trial.trusted(1)
    trial.write("cora", Removed(pictures=(sha_of(1),), reason="asked to"))
    assert status_of(trial, 1) is Status.REMOVED
    with pytest.raises(TrustError, match="was removed: asked to"):
        trial.vet([1])


@pytest.mark.parametrize(
    ("author", "entry"),
    [
        ("carl", Vetted(recipe="0" * 64, pictures=(sha_of(1),))),
        ("carl", Removed(pictures=(sha_of(1),), reason="x")),
        ("rita", Relabeled(sha256=sha_of(1), subject="x", reason="x")),
        ("theo", Recalled(source="lobby", reason="x")),
        ("cora", Used(what="model", identity="m")),
        ("cora", Appointed(name="eve", public_key="ab" * 32, roles=(Role.REVIEWER,))),
        ("rita", Sealed(version="0" * 64, pictures=1)),
    ],
)
def test_no_role_includes_another(trial: TrialDataset, author: str, entry: Entry) -> None:
    trial.contribute(facts(1))
    with pytest.raises(TrustError, match=f"{author} may not"):
        trial.write(author, entry)


def test_who_left_may_do_nothing(trial: TrialDataset) -> None:
    trial.appoint("carl")
    with pytest.raises(TrustError, match="no role any more"):
        trial.contribute(facts(1))


def test_a_version_is_what_was_trusted(trial: TrialDataset) -> None:
    trial.trusted(1, 2)
    first = trial.seal()
    trial.trusted(3)
    second = trial.seal()
    stands = trial.log.read()
    assert list(stands.versions) == [first, second]
    assert list(stands.versions[first].pictures) == sorted(sha_of(n) for n in (1, 2))
    assert find_version(stands, second[:10]).pictures.keys() == trusted_pictures(stands).keys()
    with pytest.raises(UsageError, match="0 versions"):
        find_version(stands, "zz")


def test_a_label_is_part_of_a_version(trial: TrialDataset) -> None:
    assert version_id({sha_of(1): facts(1, "A")}) != version_id({sha_of(1): facts(1, "B")})


def test_a_version_of_what_is_not_trusted_is_refused(trial: TrialDataset) -> None:
    trial.trusted(1)
    honest = seal_of(trial.log.read())
    trial.contribute(facts(2))
    forged = {sha_of(n): facts(n) for n in (1, 2)}
    with pytest.raises(TrustError, match="not what is trusted"):
        trial.write("cora", Sealed(version=version_id(forged), pictures=2))
    trial.write("cora", honest)
    with pytest.raises(TrustError, match="sealed already"):
        trial.write("cora", honest)


def test_nothing_trusted_makes_no_version(trial: TrialDataset) -> None:
    trial.contribute(facts(1))
    with pytest.raises(UsageError, match="no picture is trusted"):
        seal_of(trial.log.read())


def test_a_recall_names_everything_that_saw_the_data(trial: TrialDataset) -> None:
    trial.trusted(1, source="lobby")
    clean = trial.seal()
    trial.trusted(2, source="web")
    touched = trial.seal()
    for version, model in ((clean, "m-clean"), (touched, "m-touched")):
        trial.write("theo", Used(what="model", identity=model, version=version))
    trial.write("theo", Used(what="person", identity="p-1", pictures=(sha_of(2),)))
    wanted = Recalled(source="web", reason="the site was taken over")
    found = trace(trial.write("cora", wanted), wanted)
    assert found.pictures == (sha_of(2),)
    assert [version.id for version in found.versions] == [touched]
    assert [use.identity for use in found.uses] == ["m-touched", "p-1"]
    assert status_of(trial, 2) is Status.RECALLED
    assert trusted_pictures(trial.log.read()).keys() == {sha_of(1)}


def test_a_recall_by_contributor_and_of_nothing(trial: TrialDataset) -> None:
    trial.trusted(1)
    with pytest.raises(TrustError, match="nothing matches"):
        trial.write("cora", Recalled(contributor="rita", reason="x"))
    trial.write("cora", Recalled(contributor="carl", reason="x"))
    assert status_of(trial, 1) is Status.RECALLED


def test_a_model_of_no_version_is_refused(trial: TrialDataset) -> None:
    with pytest.raises(TrustError, match="was not sealed here"):
        trial.write("theo", Used(what="model", identity="m", version="0" * 64))
