from pathlib import Path

import pytest

from edge.telemetry.heat import hottest_celsius


def zones(folder: Path, *temperatures: str) -> Path:
    for number, text in enumerate(temperatures):
        zone = folder / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("found", "hottest"),
    [
        ((), None),
        (("45000\n",), 45.0),
        (("45000\n", "61250\n", "-256000\n"), 61.25),
        (("nonsense", ""), None),
        (("999000",), None),
    ],
)
def test_the_hottest_sensible_sensor_counts(tmp_path: Path, found: tuple[str, ...], hottest: float | None) -> None:
    assert hottest_celsius(zones(tmp_path, *found)) == hottest
    assert hottest_celsius(tmp_path / "missing") is None
