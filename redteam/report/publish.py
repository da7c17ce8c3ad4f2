"""Writes what a campaign came to into its folder: the page for who ran it, and the alignments that were reached."""

from collections.abc import Mapping
from pathlib import Path

from edge.daemon.assembly import DEFAULT_PROFILE, read_profile
from edge.domain.errors import UsageError
from edge.settings.tree import Settings
from edge.trust.profile import read_profile_file
from redteam.campaign.records import PORTRAITS_FOLDER, read_manifest
from redteam.patches.reached import write_reached
from redteam.report.clean import clean_pixels_below
from redteam.report.html import write_html
from redteam.report.report import Report, build_report
from redteam.success import MARKS, MODEL_OF, Mark, Point

PAGE_FILE = "report.html"
REACHED_FILE = "reached.jsonl"

_FAR_NAMES = {Point.LOOSE: "floor_far", Point.STRICT: "alone_far"}
"""What a profile calls the false accept rate at each point: one number for both models, or a table by model."""


def publish(folder: Path, settings: Settings, images: Path | None) -> Report:
    """Make a campaign's report and write its files; ``reached.jsonl`` only where a patch was worn.

    Args:
        folder: of the campaign.
        settings: whose profile was attacked.
        images: the campaign's folder of identities, for pictures before the attack; None = its two portraits.

    Raises:
        UsageError: the folder holds no campaign, or one of another profile, or a file cannot be written.
        StoreError: the page cannot be written.
        ConfigError: scipy is not installed.
    """
    file = read_profile_file(settings.policy.profile or DEFAULT_PROFILE)
    manifest = read_manifest(folder)
    if manifest.profile_digest != file.digest:
        raise UsageError(
            f"{folder} attacked the thresholds of profile {manifest.profile_digest[:12]}, not {file.digest[:12]}",
            hint="set policy.profile to the profile that was attacked",
        )
    profile = read_profile(settings, environment="development")
    clean = clean_pixels_below(images or folder / PORTRAITS_FOLDER)
    made = build_report(folder, profile.match, fars_in(file.measured), clean)
    write_html(made, folder / PAGE_FILE)
    if made.movements:
        write_reached(made.reached(), folder / REACHED_FILE)
    return made


def fars_in(measured: Mapping[str, object]) -> dict[Mark, float]:
    """Return how often each bare model accepts strangers, where the profile says so."""
    fars = {}
    for mark in MARKS:
        if mark.point is None:
            continue
        told = measured.get(_FAR_NAMES[mark.point])
        far = told.get(MODEL_OF[mark.target]) if isinstance(told, Mapping) else told
        if isinstance(far, float):
            fars[mark] = far
    return fars
