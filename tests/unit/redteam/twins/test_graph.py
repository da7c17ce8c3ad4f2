"""The differentiable twins compute what the gate serves, and gradients reach the picture."""

from pathlib import Path

import numpy as np
import pytest

from engines.build import build
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.centers import center_of
from engines.fetch import fetch
from engines.golden import batch_from_pictures, embedder_pictures, expected

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")
pytestmark = pytest.mark.models


@pytest.mark.parametrize("is_centered", [False, True])
@pytest.mark.parametrize("model_id", ["facenet-20180408", "sface-2021dec"])
def test_the_twin_gives_the_stored_outputs_and_a_gradient(model_id: str, is_centered: bool) -> None:
    from redteam.twins.embedder import EmbedderTwin

    spec, store = find_spec(model_id), ModelStore()
    fetch(spec, store)
    center = center_of(spec) if is_centered else None
    twin = EmbedderTwin(build(spec, store).path, center=center)
    batch = torch.from_numpy(batch_from_pictures(spec, embedder_pictures(spec.input.side)[:3])).requires_grad_()
    embeddings = twin(batch)
    wanted = expected(spec, spec.default_size)[:3]
    wanted = wanted / np.linalg.norm(wanted, axis=1, keepdims=True)
    if center is not None:
        wanted = (wanted - center) / np.linalg.norm(wanted - center, axis=1, keepdims=True)
    assert np.abs(embeddings.detach().numpy() - wanted).max() <= 1e-4
    embeddings.sum().backward()
    assert batch.grad is not None
    assert float(batch.grad.abs().max()) > 0


def test_an_operator_that_the_twin_does_not_know_is_refused(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save_model

    from redteam.twins.graph import GraphTwin

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Erf", ["x"], ["y"])], "g", [value], [value])
    save_model(helper.make_model(graph), str(tmp_path / "m.onnx"))
    with pytest.raises(ValueError, match="Erf"):
        GraphTwin(tmp_path / "m.onnx")


def test_a_file_in_half_precision_is_run_in_it(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save_model

    from redteam.twins.graph import GraphTwin

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    nodes = [
        helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
        helper.make_node("Cast", ["h"], ["y"], to=TensorProto.FLOAT),
    ]
    save_model(helper.make_model(helper.make_graph(nodes, "g", [x], [y])), str(tmp_path / "m.onnx"))
    (found,) = GraphTwin(tmp_path / "m.onnx")(torch.tensor([[[[1 / 3]]]])).values()
    assert found.dtype == torch.float32
    assert float(found) == float(np.float16(1 / 3))
