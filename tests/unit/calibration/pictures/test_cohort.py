"""Who takes part: the list of names, the split, and pictures that are labeled wrongly."""

from pathlib import Path

import pytest

from calibration.pictures.cohort import Split, cohort_of, read_subjects
from calibration.pictures.pair_choice import chosen_pairs
from calibration.pictures.pairs import Pair, in_split_a, picture_path
from edge.domain.errors import UsageError

OF_A = [name for name in map("person {}".format, range(40)) if in_split_a(name)][:3]
OF_B = [name for name in map("person {}".format, range(40)) if not in_split_a(name)][:5]


def folder(tmp_path: Path, *names: str, pictures: int = 2) -> Path:
    for name in names:
        for number in range(1, pictures + 1):
            path = picture_path(tmp_path, name, number)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"")
    return tmp_path


def test_names_are_read_once_in_order_with_their_spaces(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("\ufeff Ann Lee \n\nBob\nAnn Lee\n", "utf-8")
    assert read_subjects(tmp_path / "list") == ("Ann Lee", "Bob")


@pytest.mark.parametrize(
    "content", [b"", b" \n\t\n", b"\xff\xfe\x00", b"PK\x03\x04\x00\x00", b"\0", b"a" * 2_000_000, None]
)
def test_what_is_no_list_of_names_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "list").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_subjects(tmp_path / "list")
    assert refused.value.hint


def test_split_b_leaves_out_everybody_whom_thresholds_were_fitted_on(tmp_path: Path) -> None:
    images = folder(tmp_path, *OF_A, *OF_B)
    cohort = cohort_of(images, (OF_A[0], OF_B[1], OF_B[0]), Split.B)
    assert list(cohort.subjects) == [OF_B[1], OF_B[0]]
    assert set(cohort.others) == set(OF_B[2:])
    everybody = cohort_of(images, (OF_A[0], OF_B[1]), Split.ALL)
    assert list(everybody.subjects) == [OF_A[0], OF_B[1]]
    assert len(everybody.others) == len(OF_A) + len(OF_B) - 2


def test_listed_people_without_pictures_are_named_and_a_limit_holds_for_both_sides(tmp_path: Path) -> None:
    images = folder(tmp_path, *OF_B[:4])
    cohort = cohort_of(images, (OF_B[4], *OF_B[:2]), Split.B, most_people=1)
    assert cohort.absent == (OF_B[4],)
    assert list(cohort.subjects) == [OF_B[0]]
    assert len(cohort.others) == 1
    assert OF_B[1] not in cohort.others


def test_pictures_known_to_be_labeled_wrongly_take_no_part(tmp_path: Path) -> None:
    images = folder(tmp_path, "Mahmoud_Abbas", pictures=12)
    cohort = cohort_of(images, ("Mahmoud_Abbas",), Split.ALL)
    assert picture_path(images, "Mahmoud_Abbas", 12) not in cohort.subjects["Mahmoud_Abbas"]
    assert len(cohort.subjects["Mahmoud_Abbas"]) == 11


def test_nobody_listed_is_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none of the 1 names"):
        cohort_of(folder(tmp_path, *OF_B), ("nobody",), Split.B)


def pair(first: str, second: str, fold: int) -> Pair:
    return Pair(Path(first, "1"), Path(second, "2"), is_genuine=first == second, fold=fold)


def test_pairs_of_split_b_are_those_of_two_of_its_people() -> None:
    a, b, c = OF_A[0], OF_B[0], OF_B[1]
    every = [pair(a, a, 0), pair(b, b, 0), pair(a, b, 0), pair(b, c, 1)]
    assert chosen_pairs(every, Split.B) == (every[1], every[3])
    assert chosen_pairs(every, Split.ALL, most_of_fold=2) == (every[0], every[2], every[3])
    with pytest.raises(UsageError, match="0 of 1 pairs"):
        chosen_pairs([pair(a, a, 0)], Split.B)
