"""Evidence of attacks comes back as it was written, or is refused with a hint."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.fitting.attack_evidence import basis_of, no_evidence, read_evidence, write_evidence
from edge.domain.errors import UsageError
from tests.support.detector_heads import attacks_of
from tests.support.profiles import a_profile


def test_it_comes_back_and_grows(tmp_path: Path) -> None:
    file = tmp_path / "deeper" / "evidence.npz"
    begun = no_evidence("b" * 64, ("one", "two"))
    write_evidence(begun, file)
    assert len(read_evidence(file)) == 0
    grown = read_evidence(file).with_row("joint @4", 7, 3, {"two": 2.0, "one": float("nan"), "more": 1.0})
    write_evidence(grown, file)
    found = read_evidence(file)
    assert found.done == {("joint @4", 7)}
    assert (found.basis, found.names, found.victims.tolist()) == ("b" * 64, ("one", "two"), [3])
    np.testing.assert_array_equal(found.values, [[np.nan, 2.0]])


def test_rows_and_columns_are_chosen() -> None:
    some = attacks_of(("one", "two"), ("noise", "joint"), shift=0.0, each=2)
    kept = some.only(np.array([False, True, True, False]))
    assert kept.families == ("noise", "joint")
    np.testing.assert_array_equal(kept.matrix(("two", "one")), some.values[1:3, ::-1])
    with pytest.raises(UsageError, match="no column"):
        some.column("three")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_what_is_no_evidence_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "evidence.npz"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_evidence(file)
    assert caught.value.hint


def test_what_lacks_something_or_is_not_there_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", values=np.zeros((2, 2)))
    np.savez(tmp_path / "plain.npz", np.array([{"a": 1}], dtype=object))
    np.save(tmp_path / "array.npy", np.zeros(3))
    for name in ("other.npz", "plain.npz", "array.npy", "absent.npz", "."):
        with pytest.raises(UsageError):
            read_evidence(tmp_path / name)


def test_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    some = attacks_of(("one", "two"), ("noise",), shift=0.0, each=2)
    for changed in ({"scenes": np.zeros(3, np.int64)}, {"victims": np.zeros(1, np.int64)}, {"names": ("one", "one")}):
        with pytest.raises(ValueError, match="every row needs"):
            replace(some, **changed)


def test_the_basis_tells_pictures_and_models() -> None:
    bindings = a_profile().bindings
    other = {**bindings, "a": replace(bindings["a"], precision_class="int8")}
    assert len({basis_of("c" * 64, bindings), basis_of("d" * 64, bindings), basis_of("c" * 64, other)}) == 3
