from edge.messaging.consumer.gaps import MOST_REQUESTS, PATIENCE_NS, GapWatch, Lost, ReplayRequest, replay_command
from edge.messaging.consumer.memory import ChainMemory
from edge.messaging.consumer.sequences import SeenSequences

CHAIN = "0" * 32


def chain(*sequences: int) -> ChainMemory:
    seen = SeenSequences()
    for sequence in sequences:
        seen.add(sequence)
    return ChainMemory(seen=seen, boot_id="boot1")


def test_an_event_that_only_overtook_is_not_asked_for() -> None:
    watch, one = GapWatch(CHAIN), chain(1, 3)
    assert watch.due(one, 0) == []
    one.seen.add(2)
    assert watch.due(one, 10 * PATIENCE_NS) == []


def test_a_hole_is_asked_for_with_the_boot_id_then_again_later_then_lost() -> None:
    watch, one = GapWatch(CHAIN), chain(1, 5)
    assert watch.due(one, 0) == []
    now, asked = 0, 0
    request = ReplayRequest(chain_id=CHAIN, first_sequence=2, last_sequence=4, boot_id="boot1")
    while one.seen.holes:
        now += PATIENCE_NS
        for due in watch.due(one, now):
            if isinstance(due, Lost):
                assert due == Lost(2, 4)
                assert asked == MOST_REQUESTS
            else:
                assert due == request
                asked += 1
    assert asked == MOST_REQUESTS
    assert one.seen.ranges == ((1, 5),)


def test_an_event_that_came_splits_a_hole_and_keeps_its_age() -> None:
    watch, one = GapWatch(CHAIN), chain(1, 5)
    watch.due(one, 0)
    one.seen.add(3)
    due = watch.due(one, PATIENCE_NS)
    assert [(r.first_sequence, r.last_sequence) for r in due] == [(2, 2), (4, 4)]


def test_the_command_is_made_where_gates_know_it() -> None:
    request = ReplayRequest(chain_id=CHAIN, first_sequence=2, last_sequence=4, boot_id="boot1")
    command = replay_command(request)
    if command is not None:
        assert command.model_dump(mode="json") == {"first": "2", "last": "4", "chain": CHAIN}


def test_a_large_hole_is_asked_for_in_parts_as_the_gate_answers() -> None:
    watch, one = GapWatch(CHAIN), chain(1, 2_502)
    watch.due(one, 0)
    now, requests = 0, []
    while one.seen.holes:
        now += PATIENCE_NS
        for due in watch.due(one, now):
            assert isinstance(due, ReplayRequest)
            requests.append((due.first_sequence, due.last_sequence))
            for sequence in range(due.first_sequence, due.last_sequence + 1):
                one.seen.add(sequence)
    assert requests == [(2, 1_001), (1_002, 2_001), (2_002, 2_501)]
