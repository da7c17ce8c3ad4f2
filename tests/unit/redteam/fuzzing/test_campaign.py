"""The fuzzer finds what is there, says it once, and every target keeps its promises for a few inputs."""

import mmap
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from edge.domain.errors import ConfigError
from redteam.fuzzing.campaign import fuzz
from redteam.fuzzing.mutate import mutated, mutated_json
from redteam.fuzzing.target import Target, promise
from redteam.fuzzing.targets import TARGETS

INPUTS = 150


def a_target(run: Callable[[bytes], None], *, most_cpu_s: float = 5.0, most_growth_mib: int = 256) -> Target:
    return Target(
        name="trial",
        corpus=lambda: [b'{"a": 1, "b": [1, 2]}'],
        prepare=lambda _: run,
        mutations=(mutated, mutated_json),
        most_cpu_s=most_cpu_s,
        most_growth_mib=most_growth_mib,
    )


def test_a_fault_that_is_declared_is_an_answer() -> None:
    def run(data: bytes) -> None:
        raise ConfigError("no", hint="other")

    outcome = fuzz(a_target(run), seed=1, most_inputs=50)
    assert (outcome.inputs, outcome.finds) == (50, [])


def test_a_crash_is_found_once_with_its_input() -> None:
    def run(data: bytes) -> None:
        if b"b" not in data:
            raise LookupError("there is no b")

    (find,) = fuzz(a_target(run), seed=1, most_inputs=300).finds
    assert b"b" not in find.data
    assert find.what == "LookupError: there is no b"


def test_a_broken_promise_is_found() -> None:
    outcome = fuzz(a_target(lambda data: promise(len(data) != 3, "three")), seed=1, most_inputs=3_000)
    assert [find.what for find in outcome.finds] == ["BrokenPromiseError: three"]


def test_an_endless_loop_is_found() -> None:
    def run(data: bytes) -> None:
        while b"b" not in data:
            pass

    (find, *_) = fuzz(a_target(run, most_cpu_s=0.2), seed=1, most_inputs=30).finds
    assert "CPU time" in find.what


def test_memory_without_bounds_is_found() -> None:
    held: list[mmap.mmap] = []

    def run(_: bytes) -> None:
        held.append(mmap.mmap(-1, 2**20))  # of its own: the allocator may have room left from other tests
        held[-1].write(b"x" * 2**20)

    outcome = fuzz(a_target(run, most_growth_mib=16), seed=1, most_inputs=120)
    for block in held:
        block.close()
    assert [find.what[:17] for find in outcome.finds] == ["the process grew "]


def test_the_same_seed_gives_the_same_campaign() -> None:
    def inputs(seed: int) -> list[bytes]:
        seen: list[bytes] = []
        fuzz(a_target(lambda _: None), seed=seed, most_inputs=40, watch=seen.append)
        return seen

    assert inputs(1) == inputs(1)
    assert inputs(1) != inputs(2)


def test_mutations_change_and_are_bounded() -> None:
    random = Random(1)
    seeds = [b'{"a": {"b": [1, "c"]}}', b""]
    made = {change(seeds[0], seeds, random) for change in (mutated, mutated_json) for _ in range(200)}
    assert len(made) > 250
    assert max(map(len, made)) <= 256 * 1024


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_keeps_its_promises(name: str) -> None:
    outcome = fuzz(TARGETS[name], seed=20_260_314, most_inputs=INPUTS)
    assert outcome.inputs == INPUTS
    assert [(find.what, find.trace) for find in outcome.finds] == []


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_takes_what_it_begins_with(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    run = target.prepare(tmp_path)
    refused = []
    for data in target.corpus():
        try:
            run(data)
        except target.allowed as answer:
            refused.append(str(answer))
    assert len(refused) < len(target.corpus()) or name in {"profile", "tables", "environment"}, refused
