"""``training review``: one reviewer's page, on this machine alone."""

import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import IdleStateOption, JsonOption
from edge.commands.output import print_json
from edge.domain.clock import SystemClock
from edge.trust.file_writing import create_private_file
from edge.trust.keys import read_key
from edge.trust.signing import Signer
from training.commands.options import DatasetOption, KeyOption
from training.manifest.objects import PictureFiles
from training.review.embedding_map import EmbeddingMap
from training.review.guard import Guard
from training.review.routes import Routes
from training.review.server import ReviewServer
from training.review.session import ReviewSession
from training.review.thumbnails import Thumbnails
from training.vetting.run import SeenLooks


def review(
    dataset: DatasetOption,
    key: KeyOption,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 = a free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address and open no browser.")] = False,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a page to look at pictures and decide on them; one signed entry holds all that is sent. Ctrl-C ends it."""
    del state
    with ReviewSession(dataset, Signer(read_key(key)), SystemClock()).open() as session:
        faces, thumbnails = EmbeddingMap(SeenLooks(dataset / "looks")), Thumbnails(PictureFiles(dataset))
        with ReviewServer(port, lambda port: Routes(Guard(port), session, faces, thumbnails)) as server:
            _tell_address(server.page_address, as_json=as_json)
            with suppress(KeyboardInterrupt), _opened(server.page_address, wanted=not no_open):
                server.serve_forever()
        _tell_end(len(session.decisions), as_json=as_json)


@contextmanager
def _opened(address: str, *, wanted: bool) -> Iterator[None]:
    """Open the page by a private file, so that its secret does not stand in the browser's command line."""
    with tempfile.TemporaryDirectory(prefix="edge-gate-review-") as folder:
        if wanted:
            file = Path(folder) / "open.html"
            text = f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Review</title>'
            create_private_file(file, text.encode())
            # Some browsers return when they are closed, and the page is served meanwhile.
            threading.Thread(target=webbrowser.open, args=(file.as_uri(),), daemon=True).start()
        yield


def _tell_address(address: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"address": address})
    else:
        print(f"{address}\nwhoever has this address decides in your name; ctrl-C ends the page", flush=True)


def _tell_end(left: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"not_sent": left})
    elif left:
        print(f"{left} decisions are kept and not sent: start the page again to send them")
