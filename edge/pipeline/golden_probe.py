"""Looks after the engines that serve: one in turn while all is well, every one when something was wrong."""

from collections.abc import Sequence

from edge.recognition.faults import engine_faults_told
from engines.probe import require_alive
from engines.runtime.base import Engine


class GoldenProbe:
    """Holds embedders against their golden outputs. Used on the thread that judges, whose engines they are.

    Args:
        engines: the recognizers' engines, active.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = tuple(engines)
        self._turn = 0

    def probe(self, *, everything: bool) -> None:
        """Return if the next engine in turn, or every one, still answers as it must.

        Raises:
            RecognitionError: one does not.
        """
        if everything:
            asked = self._engines
        else:
            asked = self._engines[self._turn : self._turn + 1]
            self._turn = (self._turn + 1) % max(1, len(self._engines))
        for engine in asked:
            with engine_faults_told():
                require_alive(engine)
