"""Which views an attacker optimizes through."""

import random
from collections.abc import Sequence
from typing import Protocol

from edge.defenses.randomize import VIEW_COUNT, random_views
from edge.defenses.squeeze import SQUEEZED_VIEWS
from engines.render.spec import PLAIN, ViewSpec


class ViewSource(Protocol):
    """Names the views of a step, one list a frame, all of one length."""

    def views(self, rows: slice) -> Sequence[Sequence[ViewSpec]]:
        """Return the views of the rows ``rows``; the plain one comes first."""
        ...

    def advance(self) -> None:
        """Draw anew whatever is random."""
        ...


class PlainViews:
    """The plain view alone."""

    def views(self, rows: slice) -> Sequence[Sequence[ViewSpec]]:
        """Return it for every row."""
        return [(PLAIN,)] * (rows.stop - rows.start)

    def advance(self) -> None:
        """Do nothing."""


class DrawnViews:
    """The plain view, fresh random ones at every step (expectation over transformation, EOT), and squeezed ones.

    Athalye et al., "Synthesizing Robust Adversarial Examples", ICML 2018.

    Args:
        rows: number of frames; each gets draws of its own.
        draws: random views a step.
        has_squeezes: whether the squeezed views are there too.
        seed: of the draws.
    """

    def __init__(self, rows: int, *, draws: int, has_squeezes: bool, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311  # an attack must be repeatable; the gate's draws are not
        self._draws = draws
        self._squeezed = SQUEEZED_VIEWS if has_squeezes else ()
        self._drawn = [self._draw() for _ in range(rows)]

    def views(self, rows: slice) -> Sequence[Sequence[ViewSpec]]:
        """Return this step's views of the rows."""
        return [(PLAIN, *drawn, *self._squeezed) for drawn in self._drawn[rows]]

    def advance(self) -> None:
        """Draw new random views."""
        self._drawn = [self._draw() for _ in self._drawn]

    def _draw(self) -> tuple[ViewSpec, ...]:
        batches = -(-self._draws // VIEW_COUNT)
        return tuple(view for _ in range(batches) for view in random_views(self._rng))[: self._draws]


class KnownViews:
    """The very views that the gate will draw: an attacker who knows its seed, an upper bound that nobody reaches.

    Args:
        drawn: the gate's random views.
    """

    def __init__(self, drawn: Sequence[ViewSpec]) -> None:
        self._views = (PLAIN, *drawn, *SQUEEZED_VIEWS)

    def views(self, rows: slice) -> Sequence[Sequence[ViewSpec]]:
        """Return the same views for every row."""
        return [self._views] * (rows.stop - rows.start)

    def advance(self) -> None:
        """Do nothing: nothing is random."""
