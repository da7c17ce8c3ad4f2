"""Which models a gate lacks, and that what is built is not fetched again."""

from pathlib import Path

import pytest

from edge.daemon.models import DETECTOR, RECOGNIZERS, load_models, missing_models, require_built, serving_bindings
from edge.settings.sections import EngineSection
from engines.cache import ModelStore
from engines.catalog import ModelSpec, find_spec
from engines.errors import EngineError


def _built(folder: Path, *ids: str) -> ModelStore:
    """A store in which empty files stand for models: enough to count as built, not to be loaded."""
    store = ModelStore(folder)
    for spec in map(find_spec, ids):
        store.onnx_path(spec).parent.mkdir(parents=True, exist_ok=True)
        store.onnx_path(spec).touch()
        store.manifest_path(spec).touch()
    return store


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    store = _built(tmp_path, DETECTOR, RECOGNIZERS[0])
    assert [spec.id for spec in missing_models(store)] == [RECOGNIZERS[1]]
    with pytest.raises(EngineError, match=RECOGNIZERS[1]) as caught:
        require_built(store)
    assert "'edge-gate engines fetch'" in caught.value.hint
    require_built(_built(tmp_path, DETECTOR, *RECOGNIZERS))


def test_only_what_is_not_built_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    def fetch(spec: ModelSpec, *_: object, **__: object) -> None:
        fetched.append(spec.id)
        raise EngineError("no network", hint="none")

    monkeypatch.setattr("edge.daemon.models.fetch", fetch)
    _built(tmp_path, DETECTOR, RECOGNIZERS[0])
    with pytest.raises(EngineError), load_models(EngineSection(models_dir=tmp_path)):
        pass
    assert fetched == [RECOGNIZERS[1]]


def test_bindings_are_known_without_loading_anything() -> None:
    assert set(serving_bindings()) == set(RECOGNIZERS)
    assert all(bound.model_id == model_id for model_id, bound in serving_bindings().items())
