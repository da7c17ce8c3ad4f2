"""A disk whose power may go between any two writes, from a record of what a process wrote (``power_cut.c``).

What was synced is there. Of what was not, nothing, everything or anything is there, down to single sectors; new,
moved and removed names are there once their folder was synced, and before that perhaps, in order.
"""

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

_SHIM = Path(__file__).with_name("power_cut.c")
_REPOSITORY = Path(__file__).parents[2]
_HEAD = struct.Struct("=cQQQ")
_SECTOR = 512
_DIRECTORY = object()


class Luck(Enum):
    """What of that which was not synced is on the disk."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    SOME = "some"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was done; see ``power_cut.c`` for its letters."""

    what: str
    inode: int
    offset: int
    data: bytes


@dataclass(slots=True, eq=False)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)

    def content(self, luck: Luck, chance: random.Random) -> bytes:
        content = bytearray(self.durable)
        for record in self.pending if luck is not Luck.NOTHING else ():
            if luck is Luck.EVERYTHING:
                _apply(content, record)
            elif chance.random() < 0.6:
                _apply(content, _torn(record, chance) if chance.random() < 0.5 else record)
        return bytes(content)

    def sync(self) -> None:
        for record in self.pending:
            _apply(self.durable, record)
        self.pending.clear()


Names = dict[str, object]


class Disk:
    """Takes records, one by one; shows what a cut would leave."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[int, _File] = {}
        self._names: Names = {}
        self._pending: list[Record] = []  # of names
        self._inode_of: dict[int, _File] = {}

    def take(self, record: Record) -> None:
        """Do what was done."""
        if record.what == "C":
            self._files[record.inode] = _File()
            self._pending.append(record)
            self._inode_of[id(record)] = self._files[record.inode]
        elif record.what in "WT":
            self._files[record.inode].pending.append(record)
        elif record.what == "S":
            self._files[record.inode].sync()
        elif record.what == "D":
            folder = record.data.decode()
            for each in [each for each in self._pending if _folder_of(each) == folder]:
                self._name(self._names, each)
                self._pending.remove(each)
        else:
            self._pending.append(record)

    @property
    def owes(self) -> bool:
        """Whether a cut now can leave different disks."""
        return bool(self._pending) or any(file.pending for file in self._files.values())

    def leave(self, target: Path, luck: Luck, chance: random.Random) -> None:
        """Write what a cut now leaves into the new folder ``target``."""
        names = dict(self._names)
        count = {Luck.NOTHING: 0, Luck.EVERYTHING: len(self._pending)}.get(
            luck, chance.randint(0, len(self._pending))
        )
        for record in self._pending[:count]:
            self._name(names, record)
        target.mkdir()
        for name in sorted(names):
            place = target / Path(name).relative_to(self._root)
            if not place.parent.is_dir():
                continue  # its folder's own name is lost, and it with that
            entry = names[name]
            if isinstance(entry, _File):
                place.write_bytes(entry.content(luck, chance))
                place.chmod(0o600)
            else:
                place.mkdir(mode=0o700)

    def _name(self, names: Names, record: Record) -> None:
        first, _, second = record.data.decode().partition("\n")
        if record.what == "C":
            names[first] = self._inode_of[id(record)]
        elif record.what == "M":
            names[first] = _DIRECTORY
        elif record.what == "U":
            names.pop(first, None)
        elif first in names:
            names[second] = names.pop(first) if record.what == "R" else names[first]


def recorded(module: str, root: Path, *words: str, build: Path) -> list[Record]:
    """Run ``python -m module`` with the shim and return all that it did under ``root``."""
    compiler = shutil.which("gcc")
    if compiler is None and "CI" not in os.environ:
        pytest.skip("no C compiler: apt install gcc")
    shim, log = build / "power_cut.so", build / "writes"
    subprocess.run(
        [compiler or "gcc", "-shared", "-fPIC", "-O1", "-o", str(shim), str(_SHIM), "-ldl", "-lpthread"], check=True
    )
    environment = {**os.environ, "LD_PRELOAD": str(shim), "CUT_ROOT": str(root), "CUT_LOG": str(log)}
    subprocess.run([sys.executable, "-m", module, *words], check=True, cwd=_REPOSITORY, env=environment)
    return list(_records(log.read_bytes()))


def _records(log: bytes) -> Iterator[Record]:
    place = 0
    while place < len(log):
        what, inode, offset, length = _HEAD.unpack_from(log, place)
        place += _HEAD.size
        yield Record(what.decode(), inode, offset, log[place : place + length])
        place += length


def _folder_of(record: Record) -> str:
    return str(Path(record.data.decode().partition("\n")[0]).parent)


def _apply(content: bytearray, record: Record) -> None:
    if record.what == "T":
        del content[record.offset :]
        content.extend(bytes(record.offset - len(content)))
        return
    end = record.offset + len(record.data)
    content.extend(bytes(max(0, end - len(content))))
    content[record.offset : end] = record.data


def _torn(record: Record, chance: random.Random) -> Record:
    """Return the part of a write up to a sector's end: the rest never got onto the disk."""
    if record.what == "T":
        return record
    kept = chance.randint(0, len(record.data) // _SECTOR) * _SECTOR
    return Record("W", record.inode, record.offset, record.data[:kept])
