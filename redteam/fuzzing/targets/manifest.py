"""The signed log of a dataset."""

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path

from edge.trust.signing import Signer
from redteam.fuzzing.mutate import mutated, mutated_json
from redteam.fuzzing.target import Target, promise
from redteam.fuzzing.targets.examples import choice_of
from training.manifest.entries import Appointed, Contributed, Founded, PictureFacts
from training.manifest.log import LOG_FILE, ManifestLog
from training.roles.role import Role

_ADA, _CARL = Signer(b"the administrator's key, 32 byte"), Signer(b"the contributor's key, 32 bytes.")


class _Clock:
    def utc(self) -> dt.datetime:
        return dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)

    def monotonic_ns(self) -> int:
        return 1


def _log() -> bytes:
    facts = PictureFacts(
        sha256="ab" * 32,
        perceptual="cd" * 8,
        size_bytes=1_000,
        width_px=160,
        height_px=160,
        original="1.jpg",
        subject="Somebody",
    )
    founded = Founded(dataset="trial", administrator="ada", public_key=_ADA.public_key.hex())
    appointed = Appointed(name="carl", public_key=_CARL.public_key.hex(), roles=(Role.CONTRIBUTOR,))
    contributed = Contributed(source="lobby", license="internal", consent="form 7", pictures=(facts,))
    with tempfile.TemporaryDirectory(prefix="edge-gate-fuzz-") as folder:
        log = ManifestLog(Path(folder))
        for entry, signer in ((founded, _ADA), (appointed, _ADA), (contributed, _CARL)):
            log.append(entry, signer=signer, clock=_Clock())
        return log.path.read_bytes()


def _prepare(folder: Path) -> Callable[[bytes], None]:
    original = _log()
    file = folder / LOG_FILE
    ends = [i + 1 for i, byte in enumerate(original) if byte == ord("\n")]
    beginnings = {original[:end] for end in ends}

    def run(data: bytes) -> None:
        """As it is, or as the last line of a log that holds."""
        content = data if choice_of(data, 2) == 0 else original[: ends[0]] + data
        file.write_bytes(content)
        ManifestLog(folder).read(administrator=_ADA.public_key)
        whole = content[: content.rfind(b"\n") + 1]
        promise(whole in beginnings, "a log was believed that its members did not sign")

    return run


MANIFEST = Target(
    name="manifest",
    corpus=lambda: [(whole := _log()), *(line + b"\n" for line in whole.splitlines())],
    prepare=_prepare,
    mutations=(mutated, mutated_json),
)
