"""A dataset that waits for reviewers: drawn people, screens that found something, looks as the verifier has them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import numpy as np

from edge.domain.clock import SystemClock
from tests.support.datasets import TrialDataset, signer_of
from tests.support.drawn_faces import SIDE_PX, DrawnPerson, draw
from training.manifest.entries import Decision, Finding, PictureFacts, Reviewed, Vetted
from training.manifest.objects import PictureFiles
from training.review.embedding_map import EmbeddingMap
from training.review.guard import Guard
from training.review.routes import Routes
from training.review.server import ReviewServer
from training.review.session import ReviewSession
from training.review.thumbnails import Thumbnails
from training.vetting.look import Look
from training.vetting.looker import VERIFIER
from training.vetting.run import KeptLooks, SeenLooks

NAMES = ("Ann Example", "Ben Example", "Cleo Example", "Dan Example")
DIMENSIONS = 24


@dataclass(frozen=True)
class Portrait:
    """A picture of the scene.

    Attributes:
        subject: who it is said to show.
        person: whose number it was drawn of.
        is_trusted: two reviewers approved it before.
        finding: (screen, reason) of what a screen found.
    """

    subject: str
    person: int
    is_trusted: bool = False
    finding: tuple[str, str] | None = None


def portraits(people: int = 4, trusted: int = 3, open_: int = 2) -> list[Portrait]:
    """Return pictures of some people; of the first, one shows the second, and one wears a sticker."""
    plain = [
        Portrait(NAMES[person], person, is_trusted=number < trusted)
        for person in range(people)
        for number in range(trusted + open_)
    ]
    wrong = Portrait(NAMES[0], 1, finding=("labels", f"it looks more like {NAMES[1]} than like {NAMES[0]}"))
    worn = Portrait(NAMES[0], 0, finding=("triggers facenet", "with the upper face hidden it is somebody else"))
    return [*plain, wrong, worn]


class LooksOfTheDrawn:
    """What the verifier would see of drawn people: a direction a person, and some noise a picture."""

    recipe = "5" * 64

    def __init__(self, person_of: dict[str, int]) -> None:
        self._person_of = person_of

    def look(self, path: Path) -> Look:
        number = self._person_of[path.name]
        own = np.random.default_rng(1000 + number).standard_normal(DIMENSIONS)
        noise = np.random.default_rng(int(path.name[:8], 16)).standard_normal(DIMENSIONS)
        row = (own + 0.45 * noise) / np.linalg.norm(own + 0.45 * noise)
        plain = {VERIFIER: row.astype(np.float32)}
        return Look(plain=plain, hidden=plain[VERIFIER][None], squeezed=plain)


class ReviewScene:
    """The dataset on the disk.

    Attributes:
        trial: writes to its log.
        shas: of the pictures, in their order.
    """

    def __init__(self, folder: Path, pictures: Sequence[Portrait]) -> None:
        self.folder = folder
        self.trial = TrialDataset(folder).founded()
        self.files = PictureFiles(folder)
        self.pictures = tuple(pictures)
        self.shas = self._contributed(folder.parent / "drawn.png")
        self._vetted()
        self._trusted()
        self._keep_looks()

    def flagged(self) -> list[str]:
        return [sha for sha, picture in zip(self.shas, self.pictures, strict=True) if picture.finding]

    def session(self, name: str) -> ReviewSession:
        return ReviewSession(self.folder, signer_of(name), SystemClock())

    def routes(self, session: ReviewSession, port: int, token: str | None = None) -> Routes:
        faces = EmbeddingMap(SeenLooks(self.folder / "looks"))
        return Routes(Guard(port, token), session, faces, Thumbnails(self.files))

    @contextmanager
    def served(self, name: str) -> Iterator[str]:
        """Serve a reviewer's page and give its address."""
        with (
            self.session(name).open() as session,
            ReviewServer(0, lambda port: self.routes(session, port)) as server,
        ):
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield server.page_address
            finally:
                server.shutdown()
                thread.join()

    def _contributed(self, draft: Path) -> tuple[str, ...]:
        facts = []
        for number, picture in enumerate(self.pictures):
            is_worn = picture.finding is not None and picture.finding[0].startswith("triggers")
            draw(DrawnPerson.of(picture.person), 100 + number, sticker=is_worn).save(draft)
            sha256 = self.files.take(draft)
            size_bytes = self.files.path_of(sha256).stat().st_size
            facts.append(
                PictureFacts(
                    sha256=sha256,
                    perceptual=f"{number:016x}",
                    size_bytes=size_bytes,
                    width_px=SIDE_PX,
                    height_px=SIDE_PX,
                    original=f"{number:03}.png",
                    subject=picture.subject,
                )
            )
        self.trial.contribute(*facts)
        draft.unlink()
        return tuple(fact.sha256 for fact in facts)

    def _vetted(self) -> None:
        findings = tuple(
            Finding(sha256=sha, screen=picture.finding[0], score=0.41, reason=picture.finding[1])
            for sha, picture in zip(self.shas, self.pictures, strict=True)
            if picture.finding
        )
        self.trial.write("cora", Vetted(recipe="0" * 64, pictures=self.shas, findings=findings))

    def _trusted(self) -> None:
        trusted = [sha for sha, picture in zip(self.shas, self.pictures, strict=True) if picture.is_trusted]
        if trusted:
            decisions = tuple(Decision(sha256=sha, approves=True, reason="seen") for sha in trusted)
            for name in ("rita", "ralf"):
                self.trial.write(name, Reviewed(decisions=decisions))

    def _keep_looks(self) -> None:
        looker = LooksOfTheDrawn({sha: p.person for sha, p in zip(self.shas, self.pictures, strict=True)})
        kept = KeptLooks(looker, self.folder / "looks")
        for sha in self.shas:
            kept.look(self.files.path_of(sha), sha)
        kept.note_recipe()
