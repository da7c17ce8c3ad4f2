"""``edge-gate bench people``: what one more person, one fewer and a look at everybody cost in a large gallery."""

import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from edge.commands.options import IdleStateOption, JsonOption
from edge.commands.output import print_json, print_table
from edge.domain.consent import NO_TERMS
from edge.domain.embedding import Binding, Embedding
from edge.store.state import State, open_state
from edge.store.transfer import PersonContents
from edge.trust.keys import KeyRing

_DIMENSIONS = {"bench-512": 512, "bench-128": 128}
_TEMPLATES_EACH = 5
_AT_A_TIME = 1_000
_REPEAT = 5


def people(
    count: Annotated[int, typer.Option("--people", min=1, max=100_000, help="How many are enrolled.")] = 10_000,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time changes of a gallery of made-up people, in a folder of its own that is removed again.

    ``names_ms`` is the part of ``enroll_ms`` that looks whether the name is taken; medians of five.
    """
    del state
    with tempfile.TemporaryDirectory() as folder, _filled(Path(folder), count) as opened:
        gallery = opened.gallery
        numbers = iter(range(count, count + _REPEAT))
        last = [person.subject for person in gallery.people()[-_REPEAT:]]
        row = {
            "people": count,
            "enroll_ms": _median_ms(lambda: gallery.enroll_all([_person(next(numbers))], created=_now())),
            "names_ms": _median_ms(lambda: gallery.find("nobody")),
            "erase_ms": _median_ms(lambda: gallery.erase(last.pop())),
            "vouch_ms": _median_ms(gallery.register.read),
            "load_ms": _median_ms(lambda: gallery.load_templates(_bindings())),
        }
    if as_json:
        print_json(row)
    else:
        print_table("A gallery of made-up people", [row])


def _filled(folder: Path, count: int) -> State:
    opened = open_state(folder / "state", KeyRing.open(folder / "state", is_new=True))
    for first in range(0, count, _AT_A_TIME):
        batch = [_person(number) for number in range(first, min(count, first + _AT_A_TIME))]
        opened.gallery.enroll_all(batch, created=_now())
    return opened


def _person(number: int) -> PersonContents:
    rng = np.random.default_rng(number)
    templates = []
    for binding in _bindings().values():
        rows = rng.normal(size=(_TEMPLATES_EACH, _DIMENSIONS[binding.model_id])).astype(np.float32)
        templates += [Embedding(binding, row / np.linalg.norm(row)) for row in rows]
    return PersonContents(
        label=f"person {number}", consent_note="made up", terms=NO_TERMS, templates=templates, masked=(), crops=()
    )


def _bindings() -> dict[str, Binding]:
    return {name: Binding(name, "m" * 64, "r" * 64, "reference") for name in _DIMENSIONS}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _median_ms(act: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEAT):
        before = time.perf_counter()
        act()
        times.append((time.perf_counter() - before) * 1_000)
    return round(float(np.median(times)), 1)
