from engines.catalog import find_spec
from engines.latency import measure_latency
from tests.support.golden_engine import GoldenEngine


def test_percentiles_are_in_order() -> None:
    with GoldenEngine(find_spec("sface-2021dec")) as engine:
        latency = measure_latency(engine, runs=5, warm_up=1)
    assert latency.runs == 5
    assert 0 < latency.least_ms <= latency.p50_ms <= latency.p95_ms
