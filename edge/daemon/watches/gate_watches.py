"""What a gate at a door watches, in the order in which it tells."""

from collections.abc import Mapping
from pathlib import Path

from edge.daemon.recorder import Recorder
from edge.daemon.watches.database_place import DatabasePlaceWatch
from edge.daemon.watches.model_files import ModelFilesWatch
from edge.daemon.watches.profile_date import ProfileDateWatch
from edge.daemon.watches.wall_clock import WallClockWatch
from edge.daemon.watches.watches import Watches
from edge.domain.clock import Clock
from edge.domain.profile import Profile
from edge.settings.sections import Environment
from edge.store.database import Database


def gate_watches(
    recorder: Recorder,
    database: Database,
    files: Mapping[Path, str],
    profile: Profile,
    environment: Environment,
    clock: Clock,
    *,
    calendar: Clock | None = None,
) -> Watches:
    """Return the watches of one gate.

    Args:
        recorder: records what it decides.
        database: where.
        files: sha256 of its models' files.
        profile: in force.
        environment: of the gate.
        clock: of the gate.
        calendar: what the profile's dates are held against, by default ``clock``.
    """
    return Watches(
        (
            DatabasePlaceWatch(database),
            recorder,
            ModelFilesWatch(files),
            ProfileDateWatch(profile, environment, calendar or clock),
            WallClockWatch(clock),
        ),
        clock,
    )
