"""What a fuzzing target is: where it begins, what it does with an input, and what it may answer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from edge.domain.errors import EdgeError
from engines.errors import EngineError

Mutation = Callable[[bytes, list[bytes], Random], bytes]


class BrokenPromiseError(AssertionError):
    """The target believed, granted or returned what it must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parser that an outsider reaches.

    Attributes:
        name: on the command line.
        corpus: returns inputs that it takes.
        prepare: makes, with an empty folder of its own, what runs one input; it raises ``BrokenPromiseError`` where a
            promise is broken.
        mutations: ways to change an input, drawn evenly.
        allowed: faults that are answers.
        most_cpu_s: most CPU time of one input, seconds; generous, for slow machines.
        most_growth_mib: most memory that all inputs together may add to the process.
    """

    name: str
    corpus: Callable[[], list[bytes]]
    prepare: Callable[[Path], Callable[[bytes], None]]
    mutations: tuple[Mutation, ...]
    allowed: tuple[type[Exception], ...] = (EdgeError, EngineError)
    most_cpu_s: float = 5.0
    most_growth_mib: int = 256


def promise(holds: object, what: str) -> None:
    """Raise unless ``holds``.

    Raises:
        BrokenPromiseError: it does not; ``what`` says what happened.
    """
    if not holds:
        raise BrokenPromiseError(what)
