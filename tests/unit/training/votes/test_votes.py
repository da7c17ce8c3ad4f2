"""The vote of contributors' heads: whatever as many lie as it stands, the winner stays."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.looks import Faces
from training.votes.certificate import certify
from training.votes.heads import VotingHeads


@given(votes=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_no_lie_of_as_many_turns_the_vote_and_one_more_may(votes: list[int]) -> None:
    people = 4
    certified = certify(np.array([votes]), people)
    winner, stands = int(certified.winners[0]), int(certified.stands[0])

    def may_turn(bad: int) -> bool:
        for liars in itertools.combinations(range(len(votes)), bad):
            for lies in itertools.product(range(people), repeat=bad):
                changed = list(votes)
                for liar, lie in zip(liars, lies, strict=True):
                    changed[liar] = lie
                if int(np.bincount(changed, minlength=people).argmax()) != winner:
                    return True
        return False

    assert not may_turn(min(stands, 3))
    if stands + 1 <= min(3, len(votes)):
        assert may_turn(stands + 1)


def test_certified_accuracy_falls_with_every_liar() -> None:
    votes = np.array([[0] * 10, [0] * 7 + [1] * 3, [1] * 10])
    certified = certify(votes, 2)
    truth = np.array([0, 0, 0])
    assert certified.stands.tolist() == [5, 2, 4]
    assert [certified.certified_accuracy(truth, bad) for bad in (0, 2, 3, 6)] == [2 / 3, 2 / 3, 1 / 3, 0.0]


def test_a_contributor_reaches_their_own_head_alone() -> None:
    faces = Faces()
    names = [f"person-{i % 3}" for i in range(30)]
    rows = np.stack([faces.row(name, "verifier") for name in names])
    who = [f"c{i // 6}" for i in range(30)]
    honest = VotingHeads.fit(rows, names, who)
    poisoned = rows.copy()
    poisoned[:6] = np.stack([faces.row("a stranger", "verifier") for _ in range(6)])
    changed = VotingHeads.fit(poisoned, names, who)
    np.testing.assert_array_equal(honest.weights[1:], changed.weights[1:])
    probes = np.stack([faces.row("person-0", "verifier") for _ in range(20)])
    assert ((honest.votes(probes) != changed.votes(probes)).sum(axis=1) <= 1).all()


def test_a_contributor_without_a_person_never_names_them() -> None:
    faces = Faces()
    rows = np.stack([faces.row(name, "verifier") for name in ("a", "b", "a")])
    heads = VotingHeads.fit(rows, ["a", "b", "a"], ["x", "x", "y"])
    assert heads.votes(np.stack([faces.row("b", "verifier")]))[0].tolist() == [1, 0]
