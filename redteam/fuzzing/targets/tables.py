"""Tables and lists that people bring to ``evaluate``: counts of faces, clips, pairs, names."""

from collections.abc import Callable
from pathlib import Path

from calibration.evaluation.clips import read_clips
from calibration.evaluation.detector import read_counts
from redteam.fuzzing.mutate import mutated
from redteam.fuzzing.target import Target
from redteam.fuzzing.targets.examples import choice_of

_TABLES = (
    b"file\tfaces\na.jpg\t1\nb.jpg\t2\n",
    b"file\tkind\na.jpg\tno face\n",
    b"person\tclip\nsomebody\ta.mp4\nsomebody else\tb.mp4\n",
    b'file\tfaces\n"a\tb.jpg"\t3\n',
)


def _prepare(folder: Path) -> Callable[[bytes], None]:
    file = folder / "table.tsv"
    readers: tuple[Callable[[], object], ...] = (lambda: read_counts(file), lambda: read_clips(file, folder))

    def run(data: bytes) -> None:
        file.write_bytes(data)
        readers[choice_of(data, len(readers))]()

    return run


TABLES = Target(name="tables", corpus=lambda: list(_TABLES), prepare=_prepare, mutations=(mutated,))
