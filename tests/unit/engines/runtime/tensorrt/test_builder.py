"""From an ONNX file to a plan: how it is asked for, and what each refusal of TensorRT becomes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engines.errors import EngineError
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.builder import BuildCanceledError, BuildOrder, build_plan
from tests.support.tensorrt_stage import TensorRTStage
from tests.support.toy_onnx import SHAPE


@pytest.fixture
def order(wanted: EngineRequest) -> BuildOrder:
    return BuildOrder(
        onnx=wanted.model_path.read_bytes(),
        input_shape=SHAPE,
        output_names=("y",),
        workspace_bytes=2**20,
        optimization_level=2,
        timings=b"",
    )


def build(order: BuildOrder, told: list[float] | None = None) -> tuple[bytes, bytes]:
    return build_plan(order, ([] if told is None else told).append, lambda: False)


def test_a_plan_and_timings_are_made(stage: TensorRTStage, order: BuildOrder) -> None:
    told: list[float] = []
    plan, timings = build(order, told)
    assert plan
    assert timings
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert stage.trt.events == ["timings anew", "built"]


def test_timings_are_used_again_and_those_of_another_version_are_not(stage: TensorRTStage, order: BuildOrder) -> None:
    _, timings = build(order)
    build(replace(order, timings=timings))
    assert stage.trt.events[2:] == ["timings reused", "built"]
    for useless in (b"garbage", b"strict timing 9.9"):
        stage.trt.events.clear()
        build(replace(order, timings=useless))
        assert stage.trt.events == ["timings anew", "built"]


def test_the_network_is_strongly_typed_by_this_versions_bit(stage: TensorRTStage, order: BuildOrder) -> None:
    seen: list[int] = []

    def create(me: Any, flags: int) -> Any:
        seen.append(flags)
        return type(me).play_create_network(me, flags)

    stage.trt.faults["Builder.create_network"] = create
    build(order)
    assert seen == [1 << stage.trt.surface["enums"]["NetworkDefinitionCreationFlag"]["STRONGLY_TYPED"]]


def test_the_builder_is_held_to_what_was_ordered(stage: TensorRTStage, order: BuildOrder) -> None:
    seen: dict[str, Any] = {}

    def look(me: Any, network: Any, config: Any) -> Any:
        seen.update(vars(config))
        return type(me).play_build_serialized_network(me, network, config)

    stage.trt.faults["Builder.build_serialized_network"] = look
    build(order)
    assert seen["_pools"] == {stage.trt.MemoryPoolType.WORKSPACE: 2**20}
    assert seen["_builder_optimization_level"] == 2
    assert seen["_max_aux_streams"] == 0
    assert not seen["_flags"]
    assert [profile._shapes for profile in seen["_profiles"]] == [{"x": (SHAPE,) * 3}]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("Builder.__init__", TypeError("factory function returned nullptr")),
        ("Builder.create_network", None),
        ("Builder.create_builder_config", None),
        ("Builder.create_optimization_profile", None),
        ("Builder.build_serialized_network", None),
        ("IOptimizationProfile.set_shape", ValueError("shape rejected")),
        ("IOptimizationProfile.set_shape", RuntimeError("shape rejected")),
        ("IBuilderConfig.add_optimization_profile", -1),
        ("IBuilderConfig.create_timing_cache", None),
        ("IBuilderConfig.set_timing_cache", False),
        ("OnnxParser.__init__", TypeError("factory function returned nullptr")),
        ("OnnxParser.parse", False),
        ("INetworkDefinition.num_inputs", 2),
        ("INetworkDefinition.num_outputs", 0),
    ],
)
def test_whatever_tensorrt_refuses_is_an_engine_error(
    stage: TensorRTStage, order: BuildOrder, member: str, value: object
) -> None:
    stage.trt.faults[member] = value
    with pytest.raises(EngineError) as caught:
        build(order)
    assert caught.value.hint


@pytest.mark.parametrize("member", ["IBuilderConfig.get_timing_cache", "ITimingCache.serialize"])
def test_timings_that_cannot_be_had_cost_time_only(stage: TensorRTStage, order: BuildOrder, member: str) -> None:
    stage.trt.faults[member] = None
    plan, timings = build(order)
    assert plan
    assert timings == b""


def test_what_the_parser_and_the_log_say_is_in_the_message(stage: TensorRTStage, order: BuildOrder) -> None:
    with pytest.raises(EngineError, match="In node -1"):
        build(replace(order, onnx=b"garbage"))

    def refuse(me: Any, *_: Any) -> None:
        me._logger.log(stage.trt.ILogger.Severity.ERROR, "out of tactics")

    stage.trt.faults["Builder.build_serialized_network"] = refuse
    with pytest.raises(EngineError, match="out of tactics"):
        build(order)


@pytest.mark.parametrize(
    "change",
    [
        lambda order: replace(order, input_shape=(2, 4, 4, 4)),
        lambda order: replace(order, output_names=("z",)),
        lambda order: replace(order, output_names=("y", "z")),
    ],
)
def test_another_model_than_ordered_is_refused(
    stage: TensorRTStage, order: BuildOrder, change: Callable[[BuildOrder], BuildOrder]
) -> None:
    with pytest.raises(EngineError):
        build(change(order))


def test_a_canceled_build_gives_nothing(stage: TensorRTStage, order: BuildOrder) -> None:
    steps: list[float] = []
    with pytest.raises(BuildCanceledError):
        build_plan(order, steps.append, lambda: len(steps) >= 2)
    assert len(steps) == 2
    assert "built" not in stage.trt.events
