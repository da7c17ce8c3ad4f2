"""Security levels: what a grant needs besides a face that matches under every defense."""

from enum import StrEnum


class Level(StrEnum):
    """How much evidence a door asks for; each level is stricter than the one before."""

    CONVENIENCE = "convenience"
    """The face alone. Signs of a replay deny, and nothing else stands against a good screen replay."""
    STANDARD = "standard"
    """The face, and random head movements or a badge or PIN of the same person."""
    HIGH = "high"
    """A badge or PIN claims the identity, and the face verifies 1:1 with the patch certificate."""
