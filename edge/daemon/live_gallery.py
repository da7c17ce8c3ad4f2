"""The gallery of a running gate: who was enrolled or erased meanwhile counts within a second, without a restart."""

from collections.abc import Sequence

from edge.daemon.assembly import stored_gallery
from edge.daemon.models import Models
from edge.domain.certificate import Certificate
from edge.domain.clock import Clock
from edge.recognition.gallery import Gallery
from edge.store.state import State

LOOK_AGAIN_MS = 1_000


class LiveGallery:
    """Call it for the gallery as it stands. One thread.

    Args:
        models: the running models.
        state: the open store.
        clock: how long ago the store was looked at.
        certificates: those in force.
    """

    def __init__(self, models: Models, state: State, clock: Clock, certificates: Sequence[Certificate] = ()) -> None:
        self._models = models
        self._state = state
        self._clock = clock
        self._certificates = tuple(certificates)
        self._changes: tuple[int, int] | None = None
        self._looked_ns = 0
        self._gallery: Gallery | None = None
        self()

    def __call__(self) -> Gallery:
        """Return the gallery.

        Raises:
            StoreError: the store cannot be read.
            TrustError: somebody's templates do not open, or belong to another model, recipe or precision class. Until
                that is mended nobody is known.
        """
        now_ns = self._clock.monotonic_ns()
        if self._gallery is not None and now_ns - self._looked_ns < LOOK_AGAIN_MS * 1_000_000:
            return self._gallery
        changes = (self._state.database.changes(), self._state.gallery.register.revision)  # theirs and our own
        gallery = self._gallery if changes == self._changes else None
        self._gallery = None  # a fault below must not leave the old people in force
        if gallery is None:
            gallery = stored_gallery(self._models, self._state.gallery, self._certificates)
        self._gallery, self._changes, self._looked_ns = gallery, changes, now_ns
        return gallery
