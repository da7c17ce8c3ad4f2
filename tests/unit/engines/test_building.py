from pathlib import Path

import pytest

from engines.building import building, is_building
from engines.cache import ModelStore
from engines.errors import EngineError


def test_one_builds_and_others_can_tell(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    assert not is_building(store)
    with building(store):
        assert is_building(store)
        with pytest.raises(EngineError, match="being built") as caught, building(store):
            pass
        assert "journalctl" in caught.value.hint
    assert not is_building(store)
    with building(store):
        pass


def test_a_failed_build_lets_go(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    with pytest.raises(ZeroDivisionError), building(store):
        raise ZeroDivisionError
    assert not is_building(store)


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be used"), building(ModelStore(tmp_path / "file" / "models")):
        pass
