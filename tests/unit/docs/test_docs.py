"""The documentation says what is there: generated pages, links, commands, reasons, examples."""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from edge.commands.app import build_app
from edge.domain.anomaly import Anomaly, anomaly_of
from edge.domain.enrollment import Refusal
from edge.domain.errors import TrustError
from edge.domain.reasons import Reason
from edge.settings.load import load_settings
from scripts.check_tree import BRITISH, UNTIDY
from scripts.write_reference import commands_of, filled
from tests.support.messages import IDENTITY, SIGNER, a_decision

ROOT = Path(__file__).parents[3]
PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
HOW_TO = ROOT / "docs" / "how-to"
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"```(?P<language>[a-z]*)\n(?P<code>.*?)```", re.DOTALL)
MAKE = re.compile(r"(?<![\w-])make (?P<target>[a-z][a-z-]*)")
COMMAND = re.compile(r"(?<![\w'.-])edge-gate (?P<words>[a-z][^`\n|#]*)")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def code_of(text: str) -> Iterator[str]:
    """Yield every line of code in a page: fenced blocks and inline spans."""
    for block in FENCE.finditer(text):
        yield from block["code"].splitlines()
    yield from re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows_of(page: Path) -> dict[str, list[str]]:
    """Return the cells of every table row by the values in backticks in its first cell."""
    rows: dict[str, list[str]] = {}
    for line in page.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for value in re.findall(r"`([^`]+)`", cells[0]) if cells else ():
            rows[value] = cells
    return rows


def block(page: Path, language: str) -> str:
    """Return the first block of code of a language."""
    return next(m["code"] for m in FENCE.finditer(page.read_text("utf-8")) if m["language"] == language)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "reference").glob("*.md")), ids=lambda page: page.name)
def test_reference_is_what_the_code_says(page: Path) -> None:
    assert page.read_text("utf-8") == filled(page), "run python scripts/write_reference.py"


@every_page
def test_links_resolve(page: Path) -> None:
    text = page.read_text("utf-8")
    for link in LINK.finditer(FENCE.sub("", text)):
        target, _, anchor = link["target"].partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file = (page.parent / target) if target else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file.read_text("utf-8")), f"{page.name} links to {link['target']}"


@every_page
def test_named_make_targets_exist(page: Path) -> None:
    named = {m["target"] for line in code_of(page.read_text("utf-8")) for m in MAKE.finditer(line)}
    assert named <= targets()


@every_page
def test_named_commands_and_options_exist(page: Path) -> None:
    known = dict(commands_of(typer.main.get_command(build_app())))
    for line in code_of(page.read_text("utf-8")):
        for match in COMMAND.finditer(line):
            assert not _problem(match["words"], known), f"{page.name}: {line}"


@every_page
def test_named_files_exist(page: Path) -> None:
    for span in re.findall(r"`([^`\s]+)`", FENCE.sub("", page.read_text("utf-8"))):
        if span.startswith(("edge/", "engines/", "calibration/", "redteam/", "scripts/", "tests/", "docs/", ".ci/")):
            assert (ROOT / span).exists(), f"{page.name} names {span}"


@every_page
def test_text_is_finished_and_american(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not UNTIDY.search(text)
    assert not BRITISH.search(text)


@every_page
def test_no_figure_is_left_open(page: Path) -> None:
    assert not re.findall(r"@FIGURE:[a-z0-9-]+@", page.read_text("utf-8"))


def test_readme_opens_with_two_commands_that_exist() -> None:
    first = next(FENCE.finditer((ROOT / "README.md").read_text("utf-8")))["code"].split("\n")
    assert first == ["make demo", "make test", ""]
    assert {"demo", "test"} <= targets()


def test_every_reason_and_anomaly_is_in_the_incident_guide() -> None:
    rows = rows_of(HOW_TO / "incident.md")
    for reason in Reason:
        anomaly = anomaly_of(reason)
        kind = "everyday" if anomaly is None else "fault" if anomaly.is_fault else "anomaly"
        assert rows[reason.value][1] == kind
    for anomaly in Anomaly:
        assert rows[anomaly.value][1] == ("fault" if anomaly.is_fault else "anomaly")


def test_every_refusal_is_in_the_enrollment_guide() -> None:
    assert {refusal.value for refusal in Refusal} <= rows_of(HOW_TO / "enroll.md").keys()


def test_every_defense_has_a_page() -> None:
    modules = {f.stem for f in (ROOT / "edge" / "defenses").glob("*.py")} - {"__init__", "base", "evidence_vector"}
    pages = {f.stem for f in (ROOT / "docs" / "defenses").glob("*.md")}
    assert pages == modules | {
        "second-opinion",
        "certificate",
        "limits",
        "camera-trust",
        "challenge",
    }  # not of that room


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "index.md").read_text("utf-8")
    for page in folder.glob("[0-9]*.md"):
        assert f"]({page.name})" in index


def test_every_settings_key_of_the_example_is_valid(tmp_path: Path) -> None:
    text = block(HOW_TO / "install.md", "toml")
    file = tmp_path / "edge-gate.toml"
    file.write_text(text, "utf-8")
    settings = load_settings(file, environ={})
    assert settings.gate.gate == tomllib.loads(text)["gate"]["gate"]


def test_the_door_controller_example_opens_once_and_only_for_a_fresh_genuine_grant() -> None:
    space: dict[str, Any] = {}
    exec(block(HOW_TO / "install.md", "python"), space)  # noqa: S102 - our own documentation
    (key,) = space["PUBLIC_KEYS"]["/egate/north/lobby"]
    assert key == SIGNER.public_key, "the example's key is the one that the example event is signed with"
    space["PUBLIC_KEYS"][IDENTITY.source] = [key]
    on_decision, opened = space["on_decision"], list[str]()
    now = dt.datetime.now(dt.UTC)
    fresh, late = a_decision(7, now).payload, a_decision(8, now - dt.timedelta(seconds=11)).payload
    on_decision(fresh, True, lambda: opened.append("retained"))
    on_decision(late, False, lambda: opened.append("late"))
    on_decision(a_decision(9, now).payload, False, lambda: opened.append("fresh"))
    on_decision(fresh, False, lambda: opened.append("older"))
    on_decision(a_decision(9, now).payload, False, lambda: opened.append("again"))
    with pytest.raises(TrustError):
        on_decision(fresh.replace(b"granted", b"granteD"), False, lambda: opened.append("forged"))
    assert opened == ["fresh"]


def test_the_consumer_example_opens_once_and_only_for_a_fresh_genuine_grant(tmp_path: Path) -> None:
    space: dict[str, Any] = {}
    exec(block(HOW_TO / "consume-events.md", "python"), space)  # noqa: S102 - our own documentation
    space["KEYS"][IDENTITY.source] = [SIGNER.public_key]
    opened: list[dt.datetime] = []
    listener = space["door"](tmp_path / "door.json", opened)
    topic = f"egate/v1/{IDENTITY.site}/{IDENTITY.gate}/evt/decision"
    now = dt.datetime.now(dt.UTC)
    fresh, late = a_decision(7, now).payload, a_decision(8, now - dt.timedelta(seconds=11)).payload
    answers = [space["on_message"](listener, topic, *one) for one in ((fresh, True), (late, False), (fresh, False))]
    assert (answers[0].name, answers[1].name, opened) == ("NOT_BELIEVED", "DOES_NOT_OPEN", [])
    assert answers[2].name == "DOES_NOT_OPEN", "it is older than a decision that came"
    assert space["on_message"](listener, topic, a_decision(9, now).payload, False).name == "OPENED"
    assert len(opened) == 1


def _problem(words: str, known: dict[str, Any]) -> str:
    """Return what of a command line, without ``edge-gate``, does not exist; empty when all of it does."""
    parts = words.split()
    for length in (3, 2, 1):
        command = known.get(" ".join(["edge-gate", *parts[:length]]))
        if command is not None:
            options = {o for parameter in command.params for o in (*parameter.opts, *parameter.secondary_opts)}
            unknown = {part.partition("=")[0] for part in parts if part.startswith("--")} - options - {"--help"}
            return " ".join(sorted(unknown))
    return f"no command {words}"
