"""One reviewer at one dataset: what stands, what they decided so far, and the one entry that all of it becomes.

Whether a decision is allowed is asked of the log's own rules, before it is kept and again when it is sent.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from edge.domain.clock import Clock
from edge.domain.errors import EdgeError, TrustError, UsageError
from edge.domain.visible_text import is_visible
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.trust.signing import Signer
from training.manifest.entries import MOST_PICTURES_AN_ENTRY, Body, Decision, Reviewed
from training.manifest.log import ManifestLog
from training.manifest.rules import applied
from training.manifest.standing import Dataset, Standing, Status
from training.review.draft import MOST_MOVES, DraftFile, Move, revision_of
from training.roles.role import Action

OPEN = frozenset({Status.VETTED, Status.QUARANTINED})
"""What waits for people."""

MOST_REASON_CHARACTERS = 300


class ReviewSession:
    """Decides in a reviewer's name. Thread-safe; use as ``with ReviewSession(...).open() as session``.

    Args:
        folder: the dataset's.
        signer: the reviewer's key.
        clock: for the entry's time.

    Raises:
        TrustError: the log does not verify, or the key's owner may not review.
        StoreError: the log cannot be read.
    """

    def __init__(self, folder: Path, signer: Signer, clock: Clock) -> None:
        self._log = ManifestLog(folder)
        self._signer = signer
        self._clock = clock
        self._lock = threading.RLock()
        self._size = self._size_now()
        self._stands = self._log.read()
        self.reviewer = self._stands.roster.holder_of(signer.public_key).name
        self._stands.roster.require(self.reviewer, Action.REVIEW)
        self._draft = DraftFile(folder, signer, self._log.hash_at(0))
        self._moves: tuple[Move, ...] = ()
        self._dropped: dict[str, str] = {}
        self._waiting: tuple[str, frozenset[str]] = "", frozenset()

    @contextmanager
    def open(self) -> Iterator["ReviewSession"]:
        """Take up the draft, and keep other pages of the reviewer away until the end.

        Raises:
            UsageError: the reviewer has a page already.
            StoreError: the draft cannot be read or written.
            TrustError: the draft is not the reviewer's.
        """
        with self._draft.locked():
            self._moves = self._draft.read()
            self._drop_stale()
            yield self

    @property
    def stands(self) -> Dataset:
        """The dataset as the log has it now."""
        with self._lock:
            self._refresh()
            return self._stands

    @property
    def decisions(self) -> Mapping[str, Move]:
        """The last move on every picture that has one, by sha256, in the order of the first."""
        return {move.sha256: move for move in self._moves}

    @property
    def revision(self) -> str:
        """Digest of the draft."""
        return revision_of(self._moves)

    @property
    def dropped(self) -> Mapping[str, str]:
        """Decisions of the draft that no longer hold, by sha256, and why."""
        return dict(self._dropped)

    def refusal_of(self, standing: Standing) -> str:
        """Return why the reviewer may not decide on a picture, in the words of the log's rules; empty = they may."""
        sha256 = standing.facts.sha256
        trial = Decision(sha256=sha256, approves=True, reason="trial")
        dataset = replace(self._stands, pictures={sha256: standing})
        body = Body(
            sequence=dataset.sequence + 1,
            previous=dataset.head,
            time=self._clock.utc(),
            author=self.reviewer,
            entry=Reviewed(decisions=(trial,)),
        )
        try:
            applied(dataset, body, dataset.head)
        except EdgeError as error:
            return str(error)
        return ""

    @property
    def waiting(self) -> frozenset[str]:
        """The pictures, by sha256, on which the reviewer has a decision to make, drafts aside."""
        with self._lock:
            self._refresh()
            head, waiting = self._waiting
            if head != self._stands.head:
                every = self._stands.pictures.items()
                waiting = frozenset(sha256 for sha256, standing in every if self._waits(standing))
                self._waiting = self._stands.head, waiting
            return waiting

    def decide(self, sha256: str, *, approves: bool, reason: str, seen: str) -> None:
        """Keep a decision in the draft.

        Args:
            sha256: the picture.
            approves: or rejects.
            reason: one line; needed to reject.
            seen: digest of what was shown.

        Raises:
            UsageError: the reason is missing or no visible line, the picture changed since it was shown, or the draft
                is full.
            TrustError: there is no such picture, or the reviewer may not decide on it.
            StoreError: the draft cannot be written.
        """
        with self._lock:
            self._refresh()
            standing = self._standing(sha256)
            if refusal := self.refusal_of(standing):
                raise TrustError(refusal, hint="leave it to others")
            if seen != digest_of_shown(standing):
                raise UsageError("the picture was vetted or labeled anew meanwhile", hint="look at it again")
            words = _checked(reason, standing, approves=approves)
            self._check_room(sha256)
            self._keep((*self._moves, Move(sha256=sha256, approves=approves, reason=words, seen=seen)))
            self._dropped.pop(sha256, None)

    def undo(self) -> str:
        """Take the last move back and return its picture; empty where there is none.

        Raises:
            StoreError: the draft cannot be written.
        """
        with self._lock:
            if not self._moves:
                return ""
            last = self._moves[-1]
            self._keep(self._moves[:-1])
            return last.sha256

    def send(self, revision: str) -> int:
        """Sign all decisions as one entry of the log and return how many they are.

        Args:
            revision: of the draft that the reviewer saw.

        Raises:
            UsageError: there is nothing to send, the draft is another, or somebody wrote to the log at this moment.
            TrustError: the log's rules refuse a decision.
            StoreError: the log cannot be written.
        """
        with self._lock:
            self._refresh()
            if revision != self.revision:
                raise UsageError("the decisions changed since they were shown", hint="look at them again")
            moves = self.decisions.values()
            if not moves:
                raise UsageError("nothing is decided", hint="approve or reject a picture first")
            decisions = tuple(Decision(sha256=m.sha256, approves=m.approves, reason=m.reason) for m in moves)
            entry = Reviewed(decisions=decisions)
            self._log.append(entry, signer=self._signer, clock=self._clock, seen=self._stands.head)
            self._keep(())
            return len(decisions)

    def _waits(self, standing: Standing) -> bool:
        is_mine = self.reviewer in standing.approvals | standing.rejections
        return standing.status in OPEN and not is_mine and not self.refusal_of(standing)

    def _refresh(self) -> None:
        size = self._size_now()
        if size == self._size:
            return
        stands = self._log.read()
        if self._log.hash_at(self._stands.sequence) != self._stands.head:
            raise TrustError(
                "the log was replaced while you reviewed: what you saw is not in it any more",
                hint="end this page; find out who can write there, and restore the log from a copy that verifies",
            )
        self._stands, self._size = stands, size
        self._drop_stale()

    def _size_now(self) -> int:
        try:
            return self._log.path.stat().st_size
        except OSError:
            return -1  # reading it says what is wrong

    def _drop_stale(self) -> None:
        gone = set()
        for sha256, move in self.decisions.items():
            standing = self._stands.pictures.get(sha256)
            if standing is not None and self.reviewer in (
                standing.approvals if move.approves else standing.rejections
            ):
                gone.add(sha256)  # sent already
            elif why := self._why_stale(move, standing):
                self._dropped[sha256] = why
                gone.add(sha256)
        if gone:
            self._keep(tuple(move for move in self._moves if move.sha256 not in gone))

    def _why_stale(self, move: Move, standing: Standing | None) -> str:
        if standing is None:
            return "it is not in the dataset"
        if refusal := self.refusal_of(standing):
            return refusal
        return "" if move.seen == digest_of_shown(standing) else "it was vetted or labeled anew: look at it again"

    def _standing(self, sha256: str) -> Standing:
        standing = self._stands.pictures.get(sha256)
        if standing is None:
            raise TrustError(f"the picture {sha256[:16]} is not in this dataset", hint="load the page again")
        return standing

    def _check_room(self, sha256: str) -> None:
        decided = self.decisions
        is_full = sha256 not in decided and len(decided) == MOST_PICTURES_AN_ENTRY
        if is_full or len(self._moves) == MOST_MOVES:
            raise UsageError("the draft is full", hint="send what is decided, then go on")

    def _keep(self, moves: tuple[Move, ...]) -> None:
        self._draft.write(moves)
        self._moves = moves


def digest_of_shown(standing: Standing) -> str:
    """Return a digest of what a reviewer answers: whom the picture is said to show, and what was found in it."""
    findings = [finding.model_dump(mode="json") for finding in standing.findings]
    content = {"sha256": standing.facts.sha256, "subject": standing.facts.subject, "findings": findings}
    return tagged_sha256("egate-review-shown-v1", canonical_json(content)).hex()


def _checked(reason: str, standing: Standing, *, approves: bool) -> str:
    words = " ".join(reason.split())
    if len(words) > MOST_REASON_CHARACTERS or not is_visible(words):
        raise UsageError(
            "that is no reason", hint=f"one line of at most {MOST_REASON_CHARACTERS} characters that all show"
        )
    if words:
        return words
    if not approves:
        raise UsageError("a rejection needs a reason", hint="say what is wrong with the picture")
    screens = ", ".join(dict.fromkeys(finding.screen for finding in standing.findings))[:MOST_REASON_CHARACTERS]
    return f"looked at it, and at what was found: {screens}" if screens else "looked at it"
