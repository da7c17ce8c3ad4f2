"""A campaign with one of everything, in a suite of its own."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from redteam.campaign.plan import Attacker
from redteam.campaign.records import PICTURES_FOLDER
from tests.unit.redteam.report.campaigns import MANIFEST, a_judgement, a_record, opened, write_campaign
from tests.unit.redteam.report.everything import EVERYTHING, HOSTILE, everything_recorded


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of everything, with a picture of an adaptive attack that names a hostile scene."""
    suites = pytest.importorskip("redteam.campaign.suites", reason="torch is not installed: make redteam-setup")
    monkeypatch.setitem(suites.SUITES, "everything", EVERYTHING)
    name = f"{PICTURES_FOLDER}/one.png"
    row = next(r for r in EVERYTHING if r.attacker is Attacker.ADAPTIVE)
    pictured = a_record(row, 0, opened(), picture=name)
    hostile = dataclasses.replace(pictured, scene=HOSTILE)
    outside = a_record(EVERYTHING[1], 0, a_judgement(), picture="../outside.png")
    picture = np.full((300, 600, 3), 138, np.uint8)
    (tmp_path / "campaign" / PICTURES_FOLDER).mkdir(parents=True)
    assert cv2.imwrite(str(tmp_path / "campaign" / name), picture)
    assert cv2.imwrite(str(tmp_path / "outside.png"), picture)
    manifest = dataclasses.replace(MANIFEST, suite="everything", cast=HOSTILE)
    return write_campaign(tmp_path / "campaign", [hostile, outside, *everything_recorded()], manifest)
