"""Tables of clips that are none."""

from pathlib import Path

import pytest

from calibration.evaluation.clips import read_clips
from edge.domain.errors import UsageError


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"person\tclip\n",
        b"person\nsomebody\n",
        b"person\tclip\nsomebody\n",
        b"person\tclip\nsomebody\tabsent.mp4\n",
        b"person\tclip\nsomebody\t" + b"x" * 5_000 + b"\n",
        b"person\tclip\nsomebody\t" + b"x" * 200_000 + b"\n",
        b"person\tclip\nsomebody\ta\x00b\n",
        b"person\tclip\n\xff\ta.mp4\n",
    ],
    ids=range(9),
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    table = tmp_path / "people.tsv"
    table.write_bytes(content)
    with pytest.raises(UsageError):
        read_clips(table, tmp_path)
