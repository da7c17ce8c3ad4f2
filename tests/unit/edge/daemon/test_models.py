"""Which models a gate lacks, and that what is built is not fetched again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.daemon.assembly import DEFAULT_PROFILE, CatalogModels, gallery_of, refuse_other_models
from edge.daemon.models import (
    DETECTOR,
    RECOGNIZERS,
    binding_of,
    load_models,
    missing_models,
    model_files,
    recognizer_file,
    require_built,
    serving_bindings,
)
from edge.domain.embedding import Embedding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.settings.sections import EngineSection
from edge.store.templates import SubjectTemplates
from edge.trust.profile import load_profile
from engines.cache import ModelStore
from engines.catalog import DerivedFile, ModelSpec, find_spec
from engines.errors import EngineError, IntegrityError
from engines.runtime.base import Precision


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


def with_int8(spec: ModelSpec) -> ModelSpec:
    """The model with an int8 file pinned, whatever the catalog has."""
    file = DerivedFile(precision=Precision.INT8, onnx_sha256="1" * 64, ranges_sha256="2" * 64)
    return replace(spec, derived=(*(f for f in spec.derived if f.precision is not Precision.INT8), file))


def test_a_file_of_another_precision_is_built_from_the_fp32_one_and_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.daemon.models.fetch", lambda *_, **__: pytest.fail("it was fetched"))
    store = _built(tmp_path, DETECTOR, *RECOGNIZERS)
    options = EngineSection(models_dir=tmp_path, runtime="onnxruntime", precision="fp16")
    assert recognizer_file(options) is Precision.FP16
    assert [spec.id for spec in missing_models(store, Precision.FP16)] == list(RECOGNIZERS)
    with pytest.raises(IntegrityError), load_models(options):  # the empty file that stands for the fp32 one
        pass
    with pytest.raises(EngineError, match="not built"), load_models(options, may_fetch=False):
        pass


def test_openvino_takes_the_fp32_files_in_every_precision() -> None:
    assert recognizer_file(EngineSection(precision="bf16")) is Precision.FP32
    assert recognizer_file(EngineSection(precision="auto", runtime="onnxruntime")) is Precision.FP32
    assert recognizer_file(EngineSection(precision="auto", runtime="tensorrt")) is Precision.FP16


def test_watched_are_the_files_that_serve() -> None:
    store = ModelStore(Path("store"))
    detector, sface = find_spec(DETECTOR), find_spec(RECOGNIZERS[0])
    watched = model_files(store, Precision.FP16)
    assert watched[store.onnx_path(detector)] == detector.onnx_sha256
    assert watched[store.onnx_path(sface, Precision.FP16)] == sface.file_sha256(Precision.FP16)
    assert store.onnx_path(sface) not in watched


def test_reference_class_is_every_precision_but_int8() -> None:
    spec = with_int8(find_spec(RECOGNIZERS[0]))
    reference = {binding_of(spec, p) for p in Precision if p is not Precision.INT8}
    (bound,) = reference
    assert (bound.precision_class, bound.model_digest) == ("reference", spec.onnx_sha256)
    own = binding_of(spec, Precision.INT8)
    assert (own.precision_class, own.model_digest) == ("int8", "1" * 64)


def test_templates_of_the_reference_class_are_refused_in_int8_never_compared() -> None:
    spec = with_int8(find_spec(RECOGNIZERS[0]))
    reference, int8 = binding_of(spec), binding_of(spec, Precision.INT8)
    direction = np.array([1.0, 0.0], np.float32)
    stored = [SubjectTemplates(SubjectRef("somebody"), spec.id, direction[np.newaxis])]
    gallery = gallery_of(CatalogModels({spec.id: reference}), stored)
    found = gallery.search(Embedding(reference, direction))
    assert found is not None
    assert found[1] == pytest.approx(1.0)
    with pytest.raises(TrustError, match="precision"):
        gallery.search(Embedding(int8, direction))


def test_a_profile_of_the_reference_class_is_refused_in_int8(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = load_profile(DEFAULT_PROFILE, environment="development")
    refuse_other_models(profile, CatalogModels(serving_bindings("fp16")))
    int8 = {id_: binding_of(with_int8(find_spec(id_)), Precision.INT8) for id_ in RECOGNIZERS}
    with pytest.raises(TrustError, match="precision"):
        refuse_other_models(profile, CatalogModels(int8))


def test_bindings_are_known_without_loading_anything() -> None:
    assert set(serving_bindings()) == set(RECOGNIZERS)
    assert all(bound.model_id == model_id for model_id, bound in serving_bindings().items())
