"""``training bench``: how fast pictures are looked at, and whether memory stays flat."""

import itertools
import time
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.domain.clock import SystemClock
from edge.settings.load import load_settings
from edge.trust.canonical import tagged_sha256
from training.intake.folder import picture_files
from training.vetting.limits import shipped_limits
from training.vetting.look import Shown
from training.vetting.looker import BATCHES, Looker
from training.vetting.run import judged, new_table

_COLUMNS = {"pictures": 9, "looked_per_s": 12, "looked_and_judged_per_s": 23, "resident_mib": 12}


def bench(
    images: Annotated[Path, typer.Argument(help="Folder of pictures, SUBJECT/picture.jpg.")],
    count: Annotated[
        int, typer.Option(min=8, help="Look at so many; the folder is gone through again and again.")
    ] = 400,
    distinct: Annotated[
        int | None,
        typer.Option(min=8, help="Look at so many, then repeat those looks up to the count: for memory alone."),
    ] = None,
    judge: Annotated[bool, typer.Option(help="Ask all screens in the end.")] = True,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at pictures without keeping looks, and print how many a second, with memory at every quarter."""
    settings = load_settings(config, state_dir=state)
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    files = list(picture_files(images))
    with load_models(settings.engine, batches=BATCHES, progress=rich_progress()) as models, new_table() as table:
        profile = read_profile(settings, models, environment="development")
        looker = Looker(models, profile, SystemClock())
        begin = time.perf_counter()
        fresh = ((subject, looker.look(path)) for subject, path in itertools.islice(itertools.cycle(files), distinct))
        looks = itertools.islice(fresh if distinct is None else itertools.cycle(fresh), count)
        for number, (subject, look) in enumerate(looks, start=1):
            if not isinstance(look, str):
                name = tagged_sha256("egate-bench", number.to_bytes(8, "big")).hex()
                table.add(Shown(name, subject, "bench", name[:16], is_trusted=False), look)
            if number % max(1, count // 4) == 0:
                printer.record(_row(number, time.perf_counter() - begin, is_fresh=distinct is None))
        if judge:
            judged(table, {}, shipped_limits())
            row = _row(count, time.perf_counter() - begin, is_fresh=distinct is None)
            printer.record(row | {"looked_per_s": None, "looked_and_judged_per_s": row["looked_per_s"]})


def _row(number: int, seconds: float, *, is_fresh: bool) -> dict[str, float | None]:
    """Return a record; memory without what the kernel may take back at will, the pages of files."""
    status = Path("/proc/self/status").read_text("ascii")
    anonymous = next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))
    rate = number / seconds if is_fresh else None
    return {"pictures": number, "looked_per_s": rate, "resident_mib": int(anonymous) / 1024}
