"""The page tells what was missed, what was not measured, and, until a device was at hand, that it was never run."""

import subprocess
from pathlib import Path

from scripts.gpu_check.finding import Finding, not_measured
from scripts.gpu_check.page import NEVER_RUN, page_of

ROOT = Path(__file__).resolve().parents[4]


def test_it_tells_met_missed_and_not_measured() -> None:
    findings = [
        Finding(section="speed", figure="a | b", value=3, bar="<= 2", is_met=False, detail="x\ny"),
        Finding(section="speed", figure="c", value=1, bar="<= 2", is_met=True),
        not_measured("networks", "d", "no <runtime>"),
    ]
    page = page_of({"device": "Orin"}, findings, seconds=61.4)
    assert "| a \\| b | 3 | &lt;= 2 | MISSED | x y |" in page
    assert "| c | 1 | &lt;= 2 | met |  |" in page
    assert "| d | not measured |  |  | no &lt;runtime&gt; |" in page
    assert "| device | Orin |" in page
    assert page.count("\n## ") == 2
    assert "61 seconds" in page
    assert "counts" not in page
    assert "no figure here counts" in page_of({}, findings, seconds=1, is_quick=True)


def test_the_page_of_the_reference_is_a_devices_or_says_that_there_was_none() -> None:
    page = (ROOT / "docs/reference/gpu.md").read_text("utf-8")
    assert page == NEVER_RUN or ("| driver |" in page and "on the host |" not in page and "--quick" not in page)


def test_the_command_of_a_bare_machine_refuses_what_it_cannot_use(tmp_path: Path) -> None:
    def told(*arguments: str, python: str = "python3") -> str:
        command = ["bash", "scripts/gpu_check.sh", *arguments]
        environment = {"PATH": "/usr/bin:/bin", "GPU_PYTHON": python}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "hint: " in done.stderr
        return done.stderr

    assert "there is no kit" in told(str(tmp_path / "absent"))
    (tmp_path / "packages").mkdir()
    assert "there is no python-of-nowhere" in told(str(tmp_path), python="python-of-nowhere")
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert "is not Python 3.12" in told(str(tmp_path), python=str(old))
