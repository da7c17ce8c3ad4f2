"""What was seen: never twice, never more than fits."""

from hypothesis import given
from hypothesis import strategies as st

from edge.messaging.commands.memory import CommandMemory
from edge.messaging.commands.problems import CommandProblem

SECOND = 1_000_000_000


def taken(memory: CommandMemory, nonce: str, sequence: int, now_ns: int, key_id: str = "k") -> CommandProblem | None:
    problem = memory.problem_of(key_id=key_id, nonce=nonce, sequence=sequence, now_ns=now_ns)
    if problem is None:
        memory.note(key_id=key_id, nonce=nonce, sequence=sequence, expires_ns=now_ns + 10 * SECOND)
    return problem


def test_a_nonce_counts_while_its_command_could_live() -> None:
    memory = CommandMemory()
    assert taken(memory, "a", 1, 0) is None
    assert taken(memory, "a", 2, 10 * SECOND - 1) is CommandProblem.DUPLICATE
    assert taken(memory, "a", 2, 10 * SECOND) is None


def test_a_nonce_is_nobodys_second_time() -> None:
    memory = CommandMemory()
    assert taken(memory, "a", 1, 0, "k") is None
    assert taken(memory, "a", 1, 0, "other") is CommandProblem.DUPLICATE


def test_a_full_memory_refuses_rather_than_forgets() -> None:
    memory = CommandMemory(most_nonces=3)
    for number in range(3):
        assert taken(memory, str(number), number, 0) is None
    assert taken(memory, "new", 9, 5 * SECOND) is CommandProblem.TOO_MANY_AT_ONCE
    assert taken(memory, "0", 9, 5 * SECOND) is CommandProblem.DUPLICATE
    assert taken(memory, "new", 9, 10 * SECOND) is None
    assert len(memory) == 1


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 5), st.integers(0, 4)), max_size=60)
)
def test_no_sequence_of_a_key_is_taken_twice_and_memory_is_bounded(
    steps: list[tuple[str, int, int, int]],
) -> None:
    memory, now_ns = CommandMemory(most_nonces=8), 0
    accepted: dict[str, list[int]] = {"a": [], "b": []}
    for key_id, sequence, nonce, wait_s in steps:
        now_ns += wait_s * SECOND
        if taken(memory, str(nonce), sequence, now_ns, key_id) is None:
            accepted[key_id].append(sequence)
        assert len(memory) <= 8
    for sequences in accepted.values():
        assert sequences == sorted(set(sequences))
