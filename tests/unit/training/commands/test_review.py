"""``training review`` as people type it: an address, a page until ctrl-C, and clear words where there is none."""

import http.client
import json
import signal
import stat
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from edge.trust.file_writing import create_private_file
from tests.support.datasets import TrialDataset, facts, seed_of, sha_of, signer_of
from tests.support.gate_command import command, edge_gate_process, environment
from training.review.session import digest_of_shown


@pytest.fixture
def trial(tmp_path: Path) -> TrialDataset:
    made = TrialDataset(tmp_path / "data").founded()
    made.contribute(facts(1))
    made.vet([1])
    for name in ("rita", "carl"):
        create_private_file(tmp_path / f"{name}.key", seed_of(name))
    return made


def words(trial: TrialDataset, name: str = "rita") -> tuple[str, ...]:
    key = trial.folder.parent / f"{name}.key"
    return "training", "review", "--dataset", str(trial.folder), "--key", str(key), "--json"


def test_ctrl_c_ends_the_page_and_tells_what_is_left(trial: TrialDataset) -> None:
    start = command(*words(trial), "--no-open")
    with subprocess.Popen(start, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        split = urlsplit(address)
        connection = http.client.HTTPConnection(split.netloc, timeout=20)
        seen = digest_of_shown(trial.log.read().pictures[sha_of(1)])
        connection.request(
            "POST",
            f"{split.path}api/decide",
            json.dumps({"sha256": sha_of(1), "approves": False, "reason": "odd", "seen": seen}),
            {"Origin": f"http://{split.netloc}", "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        connection.close()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(20) == 0
    assert json.loads(rest) == {"not_sent": 1}
    assert (trial.folder / f".review-{signer_of('rita').key_id}.json").exists()


def test_the_browser_is_opened_by_a_private_file(trial: TrialDataset, tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = tmp_path / "browser"
    script.write_text(
        f'#!/bin/sh\n{{ echo "$1"; path="${{1#file://}}"; stat -c %a "$path"; cat "$path"; }} >{told}.draft\n'
        f"mv {told}.draft {told}\nkill -INT $PPID\n"
    )
    script.chmod(stat.S_IRWXU)
    ran = edge_gate_process(*words(trial), env={"BROWSER": f"{script} %s"}, timeout_s=60)
    assert ran.code == 0
    address = ran.records[0]["address"]
    uri, mode, page = told.read_text().splitlines()
    assert address not in uri
    assert mode == "600"
    assert address in page
    assert not Path(unquote(urlsplit(uri).path)).exists()


@pytest.mark.parametrize(("name", "code", "hint"), [("carl", 4, "role"), ("nobody", 4, "key")])
def test_who_may_not_review_gets_no_page(trial: TrialDataset, name: str, code: int, hint: str) -> None:
    ran = edge_gate_process(*words(trial, name), "--no-open")
    assert ran.code == code
    assert ran.records == ()
    assert hint in ran.err
    assert "Traceback" not in ran.err
