"""The theater that attacks are played in: the gate's models and thresholds, and its cast, set up in one way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edge.daemon.assembly import GateParts, read_profile
from edge.daemon.certificates_in_force import certificates_asked
from edge.daemon.models import Models, load_models
from edge.domain.profile import Profile
from edge.settings.tree import Settings
from engines.progress import Progress
from redteam.cast import Cast, Pictures, cast_of
from redteam.judge import Judge

MOST_VICTIMS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Theater:
    """What every play needs; its models work until the theater is closed.

    Attributes:
        settings: of the gate.
        models: the gate's.
        profile: its thresholds.
        cast: who is enrolled and who are strangers.
        progress: shows what takes long.
    """

    settings: Settings
    models: Models
    profile: Profile
    cast: Cast
    progress: Progress

    @property
    def certificates(self) -> str:
        """Names of the certificates in force, with commas."""
        return ", ".join(c.name for c in certificates_asked(self.profile, self.settings.policy))

    def judge(self) -> Judge:
        """Return a gate with the cast enrolled."""
        return Judge(GateParts(self.settings, self.profile, self.models, self.cast.gallery))


@contextmanager
def open_theater(
    settings: Settings, pictures: Pictures, progress: Progress, *, most_victims: int = MOST_VICTIMS
) -> Iterator[Theater]:
    """Load the models, enroll a cast, and close the models in the end.

    Args:
        settings: of the gate.
        pictures: of everybody.
        progress: shown while models are loaded and pictures are embedded.
        most_victims: enroll no more than so many.

    Raises:
        UsageError: nobody can be enrolled, or there is no stranger.
        EdgeError: a model or the profile cannot be used.
    """
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        asked = certificates_asked(profile, settings.policy)
        cast = cast_of(pictures, models, profile, progress, most_victims=most_victims, certificates=asked)
        yield Theater(settings, models, profile, cast, progress)
