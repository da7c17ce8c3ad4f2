"""The targets, one file for each kind of input."""

from collections.abc import Mapping

from redteam.fuzzing.target import Target
from redteam.fuzzing.targets.checkpoints import CHECKPOINTS
from redteam.fuzzing.targets.commands import ANSWERS, COMMANDS
from redteam.fuzzing.targets.events import EVENTS, MEMORY
from redteam.fuzzing.targets.machine import KERNELS, PLANS, REPORTS
from redteam.fuzzing.targets.manifest import MANIFEST
from redteam.fuzzing.targets.pictures import PICTURES
from redteam.fuzzing.targets.profile import ARRAYS, PROFILE
from redteam.fuzzing.targets.settings import ENVIRONMENT, SETTINGS
from redteam.fuzzing.targets.tables import TABLES

_ALL = (COMMANDS, ANSWERS, EVENTS, MEMORY, PICTURES, PROFILE, ARRAYS, MANIFEST, SETTINGS, ENVIRONMENT)

TARGETS: Mapping[str, Target] = {
    target.name: target for target in (*_ALL, TABLES, CHECKPOINTS, REPORTS, PLANS, KERNELS)
}
"""Every target by its name."""
