"""The gate's code uses what both ends of the supported range offer; the fake offers nothing else."""

import copy
import json
from typing import Any

import pytest

from tests.support.strict_tensorrt import SURFACE, VERSIONS, strict_tensorrt
from tests.support.tensorrt_touched import misfits, strangers, touches

LISTINGS: dict[str, Any] = json.loads(SURFACE.read_text("utf-8"))["versions"]


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_is_touched_is_offered_with_these_arguments(version: str) -> None:
    assert misfits(LISTINGS[version]) == ()


def test_the_search_finds_what_is_there() -> None:
    found = {touch.name for touch in touches()}
    assert {
        "Builder",
        "Builder.create_network",
        "BuilderFlag.TF32",
        "IExecutionContext.execute_async_v3",
        "ILogger.Severity.INTERNAL_ERROR",
        "ITensor.shape",
        "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
    } <= found
    assert len(found) > 45


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("classes", "IExecutionContext", "methods", "execute_async_v3"), [[]]),
        (("classes", "IExecutionContext", "methods", "execute_async_v3"), [["stream_handle", "more"]]),
        (("classes", "IExecutionContext", "methods", "execute_async_v3"), None),
        (("classes", "IBuilderConfig", "properties", "max_aux_streams"), "ro"),
        (("classes", "IBuilderConfig", "properties", "max_aux_streams"), None),
        (("classes", "Builder", "methods", "__init__"), [[]]),
        (("enums", "BuilderFlag", "TF32"), None),
        (("enums", "ILogger.Severity", "ERROR"), None),
        (("enums", "MemoryPoolType"), None),
    ],
)
def test_bindings_that_lack_something_are_reported(at: tuple[str, ...], value: object) -> None:
    listing = copy.deepcopy(LISTINGS[VERSIONS[0]])
    holder = listing
    for part in at[:-1]:
        holder = holder[part]
    if value is None:
        del holder[at[-1]]
    else:
        holder[at[-1]] = value
    assert any(at[-1] in line or "Builder" in line for line in misfits(listing))


def test_objects_of_tensorrt_go_by_their_names() -> None:
    members = {
        member
        for listing in LISTINGS.values()
        for listed in listing["classes"].values()
        for member in (*listed["methods"], *listed["properties"])
    }
    assert strangers(members) == ()


def test_values_of_enumerations_move_and_names_stay() -> None:
    values = [LISTINGS[version]["enums"]["NetworkDefinitionCreationFlag"]["STRONGLY_TYPED"] for version in VERSIONS]
    assert values == [1, 0]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_fake_refuses_what_is_not_offered(version: str) -> None:
    trt = strict_tensorrt(version)

    class Log(trt.ILogger):  # type: ignore[misc, name-defined] # a base of run time
        def log(self, severity: Any, msg: str) -> None:
            return

    builder = trt.Builder(Log())
    with pytest.raises(AttributeError):
        builder.build_engine  # noqa: B018 - of TensorRT 8
    with pytest.raises(AttributeError):
        builder.max_batch_size = 4
    with pytest.raises(AttributeError):
        builder.logger = None
    with pytest.raises(AttributeError):
        trt.init_everything  # noqa: B018 - no such name
    with pytest.raises(TypeError, match="incompatible"):
        builder.create_network(1, 2)
    with pytest.raises(TypeError, match="incompatible"):
        builder.create_builder_config(workspace=1)
    with pytest.raises(TypeError, match="No constructor"):
        trt.ICudaEngine()
    with pytest.raises(NotImplementedError):
        builder.is_network_supported(None, None)
    with pytest.raises(NotImplementedError):
        _ = builder.max_threads


def test_the_fake_of_11_lacks_what_11_removed() -> None:
    newest = strict_tensorrt(VERSIONS[-1])
    for enumeration, name in (("BuilderFlag", "FP16"), ("NetworkDefinitionCreationFlag", "EXPLICIT_BATCH")):
        with pytest.raises(AttributeError):
            getattr(getattr(newest, enumeration), name)
        assert getattr(getattr(strict_tensorrt(VERSIONS[0]), enumeration), name)
