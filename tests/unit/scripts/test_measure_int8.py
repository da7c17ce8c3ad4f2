"""The parts of the int8 measurement that compute: which pictures, which nodes, how far scores moved."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from calibration.pictures.pairs import Pair
from engines.turns import Turn
from scripts.measure_int8 import VARIANTS, edge_nodes, median_turn, name_nodes, pair_scores, shifts, spread


@dataclass
class Node:
    op_type: str
    name: str = ""


def unit(*angles: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([[np.cos(a), np.sin(a)] for a in angles], np.float32)


def test_everybody_gives_a_picture_before_anybody_gives_two() -> None:
    people = {"a": [Path("a1"), Path("a2"), Path("a3")], "b": [Path("b1")]}
    assert spread(people, 2) == (Path("a1"), Path("b1"))
    assert spread(people, 3) == (Path("a1"), Path("b1"), Path("a2"))
    assert len(spread(people, 9)) == 4


def test_of_many_people_some_of_the_whole_alphabet_are_taken() -> None:
    people = {f"{i:03d}": [Path(f"{i:03d}")] for i in range(100)}
    chosen = [int(path.name) for path in spread(people, 10)]
    assert chosen == list(range(0, 100, 10))


def test_nodes_are_named_and_the_outermost_with_weights_are_found() -> None:
    nodes = [Node("Sub"), Node("Conv"), Node("PRelu"), Node("Conv"), Node("Gemm"), Node("Mul")]
    name_nodes(nodes)
    assert len({node.name for node in nodes}) == len(nodes)
    assert edge_nodes(nodes) == ("Conv-1", "Gemm-4")


def test_a_single_node_with_weights_is_named_once() -> None:
    assert edge_nodes([Node("Conv", "only")]) == ("only",)


def test_shift_is_zero_for_equal_rows_and_counts_each_pair_once() -> None:
    reference = {"m": unit(0.0, 0.5, 1.0)}
    assert shifts(reference, reference, {"m": 1.0}) == pytest.approx(np.zeros(3))
    turned = {"m": unit(0.0, 0.5, 1.5)}
    expected = [0.0, abs(np.cos(1.5) - np.cos(1.0)), abs(np.cos(1.0) - np.cos(0.5))]
    assert shifts(turned, reference, {"m": 1.0}) == pytest.approx(expected, abs=1e-6)


def test_shifts_of_two_models_are_fused_before_their_size_is_taken() -> None:
    reference = {"m": unit(0.0, 1.0), "n": unit(0.0, 1.0)}
    rows = {"m": unit(0.0, 0.5), "n": unit(0.0, 1.5)}
    expected = 0.5 * abs(np.cos(0.5) + np.cos(1.5) - 2 * np.cos(1.0))
    assert shifts(rows, reference, {"m": 0.5, "n": 0.5}) == pytest.approx([expected], abs=1e-6)


def test_a_picture_without_a_face_matches_nobody() -> None:
    here, there, absent = Path("a"), Path("b"), Path("c")
    pairs = [Pair(here, there, is_genuine=True, fold=0), Pair(here, absent, is_genuine=True, fold=0)]
    scores = pair_scores(pairs, (here, there), {"m": unit(0.0, 0.0)}, {"m": 1.0})
    assert scores == pytest.approx([1.0, -2.0])


def test_the_median_of_passes_is_taken_figure_by_figure() -> None:
    turns = [
        Turn(p50_ms=a, p95_ms=b, p99_ms=b + 1, ratio=c)
        for a, b, c in ((1.0, 9.0, 0.5), (3.0, 7.0, 0.7), (2.0, 8.0, 0.6))
    ]
    assert median_turn(turns) == Turn(p50_ms=2.0, p95_ms=8.0, p99_ms=9.0, ratio=0.6)


def test_variants_have_names_of_their_own() -> None:
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS) == 4
