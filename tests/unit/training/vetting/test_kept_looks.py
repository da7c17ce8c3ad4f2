"""What a vetting kept is read back without any model, and only what the newest recipe made."""

from pathlib import Path

import numpy as np
import pytest

from calibration.pictures.embedding_cache import EmbeddingCache
from tests.support.looks import VERIFIER, Faces
from training.vetting.look import Look
from training.vetting.run import KeptLooks, SeenLooks

SHA, UNFIT = "a" * 64, "b" * 64


class OneLook:
    """Sees the same face in every picture but one."""

    def __init__(self, recipe: str) -> None:
        self.recipe = recipe
        self.seen = Faces().look("somebody")

    def look(self, path: Path) -> Look | str:
        return "no face is found in it" if path.name == UNFIT else self.seen


@pytest.fixture
def looker(tmp_path: Path) -> OneLook:
    made = OneLook("1" * 64)
    kept = KeptLooks(made, tmp_path / "looks")
    for sha in (SHA, UNFIT):
        kept.look(tmp_path / sha, sha)
    kept.note_recipe()
    return made


def test_a_look_is_read_back_and_what_shows_nothing_has_none(looker: OneLook, tmp_path: Path) -> None:
    seen = SeenLooks(tmp_path / "looks")
    found = seen.find(SHA)
    assert found is not None
    np.testing.assert_array_equal(found.plain[VERIFIER], looker.seen.plain[VERIFIER])
    assert seen.find(UNFIT) is None
    assert seen.find("c" * 64) is None
    assert (tmp_path / "looks" / "recipe").stat().st_mode & 0o777 == 0o600


def test_looks_of_another_recipe_are_not_mixed_in(looker: OneLook, tmp_path: Path) -> None:
    KeptLooks(OneLook("2" * 64), tmp_path / "looks").note_recipe()
    assert SeenLooks(tmp_path / "looks").find(SHA) is None


@pytest.mark.parametrize("content", [b"", b"../..", b"1" * 63, b"\xff" * 64])
def test_a_recipe_that_is_none_finds_nothing(looker: OneLook, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "looks" / "recipe").write_bytes(content)
    assert SeenLooks(tmp_path / "looks").find(SHA) is None
    assert SeenLooks(tmp_path / "nowhere").find(SHA) is None


@pytest.mark.parametrize("arrays", [{"else": np.zeros(3)}, {"unfit": np.array([255], np.uint8)}])
def test_a_foreign_file_is_no_look(
    looker: OneLook, tmp_path: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddingCache, "find", lambda *_: arrays)
    assert SeenLooks(tmp_path / "looks").find(SHA) is None
