import contextlib
import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.errors import ConfigError, StoreError, TrustError
from edge.domain.profile import GallerySize, Profile, SignedBy
from edge.trust.profile import load_profile, read_profile_file
from edge.trust.profile_document import PROFILE_FILE
from edge.trust.profile_points import Figures
from edge.trust.profile_writing import ARRAYS_FILE, dump_profile
from tests.support.profile_files import Document, at, put, rewrite

Dump = Callable[[Profile], Profile]


def test_what_is_dumped_is_loaded(profile: Profile, folder: Path, dump: Dump) -> None:
    written = dump(profile)
    loaded = load_profile(folder, environment="development")
    assert loaded.signed_by is SignedBy.NOBODY
    for field in dataclasses.fields(Profile):
        if field.name not in {"digest", "agreement"}:
            assert getattr(loaded, field.name) == getattr(profile, field.name), field.name
    np.testing.assert_array_equal(loaded.agreement.weights, profile.agreement.weights)
    assert not loaded.agreement.weights.flags.writeable
    assert (loaded.agreement.source, loaded.agreement.target) == (profile.agreement.source, profile.agreement.target)
    assert loaded.digest == written.digest
    assert re.fullmatch("[0-9a-f]{64}", loaded.digest)


def test_the_same_numbers_give_the_same_digest(profile: Profile, dump: Dump) -> None:
    assert dump(profile).digest == dump(dataclasses.replace(profile, digest="old")).digest
    assert dump(dataclasses.replace(profile, screen_threshold=0.37)).digest != dump(profile).digest


def test_every_threshold_is_a_key_of_that_name(profile: Profile, folder: Path, dump: Dump) -> None:
    dump(profile)
    text = (folder / PROFILE_FILE).read_text()
    found = sorted(float(value) for value in re.findall(r"^threshold = (.+)$", text, re.MULTILINE))
    assert found == sorted([0.8, 0.36, 0.41, 0.3, 0.2, 0.52, 0.35, 0.38, 0.12, 0.1, 0.3, 0.11, 0.4, 0.09, 0.5, 0.45])


def test_measured_figures_are_kept_but_not_used(profile: Profile, folder: Path, dump: Dump) -> None:
    dump(profile)
    assert read_profile_file(folder).measured["ci95"] == [0.97, 0.99]


def test_figures_stand_beside_their_threshold(profile: Profile, folder: Path) -> None:
    figures = {
        ("match",): Figures(far=1e-5, far_ci95=(0.0, 3e-5), impostors=10**7, threshold_ci95=(0.40, 0.42)),
        ("match", "floor", "sface-2021dec"): Figures(frr=0.01, frr_ci95=(0.005, 0.02), genuine=815),
        ("squeeze", "facenet-20180408", "median3"): Figures(),
    }
    written = dump_profile(profile, folder, data="x", data_digest="c" * 64, figures=figures)
    file = read_profile_file(folder)
    assert file.match.figures == figures["match",]
    assert file.match.floor["sface-2021dec"].figures == figures["match", "floor", "sface-2021dec"]
    assert file.match.floor["facenet-20180408"].figures is None
    assert written.match == profile.match


@pytest.mark.parametrize("path", [(), ("gallery",), ("match", "weights"), ("match", "floor", "third"), ("name",)])
def test_figures_of_no_threshold_are_refused(profile: Profile, folder: Path, path: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="no threshold"):
        dump_profile(profile, folder, data="x", data_digest="c" * 64, figures={path: Figures(far=0.1)})
    assert not folder.exists()


def test_any_altered_threshold_is_an_integrity_fault(profile: Profile, folder: Path, dump: Dump) -> None:
    dump(profile)
    text = (folder / PROFILE_FILE).read_text()
    for number in re.finditer(r"(?<=^threshold = ).+$", text, re.MULTILINE):
        for altered in ("0.05", "-1.0", "7.5"):
            (folder / PROFILE_FILE).write_text(text[: number.start()] + altered + text[number.end() :])
            with pytest.raises(TrustError, match="altered") as caught:
                load_profile(folder, environment="development")
            assert caught.value.exit_code == 4
            assert caught.value.hint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_altered_byte_is_found(data: st.DataObject, profile: Profile, folder: Path, dump: Dump) -> None:
    before = dump(profile)
    path = folder / data.draw(st.sampled_from([PROFILE_FILE, ARRAYS_FILE]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(content))
    with contextlib.suppress(ConfigError, TrustError):
        after = load_profile(folder, environment="development")
        # White space, or another spelling of the same number: the same profile.
        assert after.digest == before.digest
        assert path.name == PROFILE_FILE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surprise", 1.0),
        ("screen/surprise", 1.0),
        ("match/surprise", "x"),
        ("agreement/surprise", True),
        ("name", ""),
        ("name", 5),
        ("provisional", True),
        ("expires", "never"),
        ("expires", "2027-11-01T00:00:00"),
        ("expires", "2026-11-01T00:00:00+00:00"),
        ("expires", "2026-10-01T00:00:00+00:00"),
        ("gallery/most_people", 0),
        ("gallery/most_people", 100.0),
        ("gallery/most_people", True),
        ("gallery/most_people", 10**7),
        ("gallery/fpir", 1.5),
        ("gallery/surprise", 1),
        ("match/self/third", {"genuine_high": 0.9}),
        ("match/self/sface-2021dec/genuine_high", 1.1),
        ("match/self/sface-2021dec/genuine_high", 0.19),
        ("match/figures", {"far": 1.1}),
        ("match/figures", {"far": -0.1}),
        ("match/figures", {"far": True}),
        ("match/figures", {"far_ci95": [0.2, 0.1]}),
        ("match/figures", {"far_ci95": [0.1]}),
        ("match/figures", {"far_ci95": [0.1, 0.2, 0.3]}),
        ("match/figures", {"far_ci95": [0.1, True]}),
        ("match/figures", {"far_ci95": ["0.1", "0.2"]}),
        ("match/figures", {"frr_ci95": [0.1, 1.2]}),
        ("match/figures", {"threshold_ci95": [0.5, 2.5]}),
        ("match/figures", {"impostors": 1.0}),
        ("match/figures", {"genuine": -1}),
        ("match/figures", {"surprise": 1}),
        ("signature", {"key_id": "0" * 16}),
        ("signature", {"key_id": "0" * 15, "value": "0" * 128}),
        ("signature", {"key_id": "0" * 16, "value": "0" * 126}),
        ("signature", {"key_id": "0" * 16, "value": "0" * 128, "public_key": "0" * 64}),
        ("created", "yesterday"),
        ("created", "2026-11-01T00:00:00"),
        ("data_digest", "C" * 64),
        ("detector/threshold", 1.01),
        ("detector/threshold", -0.01),
        ("detector/threshold", True),
        ("detector/threshold", "0.8"),
        ("screen/threshold", -1.5),
        ("match/threshold", 1.5),
        ("match/weights/sface-2021dec", 0.6),
        ("match/weights/sface-2021dec", -0.5),
        ("match/weights/third", 0.0),
        ("match/floor/third", {"threshold": 0.1}),
        ("match/alone/third", {"threshold": 0.1}),
        ("randomize/score/threshold", 2.0),
        ("randomize/spread/sface-2021dec/threshold", -0.1),
        ("randomize/spread/third", {"threshold": 0.1}),
        ("squeeze/third", {"median3": {"threshold": 0.1}}),
        ("squeeze/sface-2021dec/median3/threshold", 2.5),
        ("screen/model", "third"),
        ("agreement/source", "third"),
        ("agreement/target", "facenet-20180408"),
        ("arrays/file", "../arrays.npz"),
        ("arrays/file", "arrays.pickle"),
        ("arrays/sha256", "short"),
        ("arrays/surprise", "x"),
        ("quality/least_brightness", 230.0),
        ("quality/least_width_px", 0.0),
        ("quality/most_width_share", 1.2),
        ("duplicate/threshold", 1.2),
        ("models/sface-2021dec/model_digest", "none"),
        ("models/sface-2021dec/precision_class", "fp16"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(
    profile: Profile, folder: Path, dump: Dump, path: str, value: object
) -> None:
    dump(profile)
    put(folder, path, value)
    with pytest.raises(ConfigError) as caught:
        load_profile(folder, environment="development")
    assert caught.value.exit_code == 3
    assert caught.value.hint


_REQUIRED = [
    "name",
    "created",
    "expires",
    "gallery",
    "gallery/most_people",
    "gallery/fpir",
    "arrays",
    "arrays/file",
    "arrays/sha256",
    "data",
    "data_digest",
    "detector",
    "detector/threshold",
    "screen",
    "screen/model",
    "screen/threshold",
    "match",
    "match/threshold",
    "match/weights",
    "match/weights/sface-2021dec",
    "match/floor",
    "match/floor/sface-2021dec",
    "match/alone",
    "match/alone/sface-2021dec",
    "match/self",
    "match/self/sface-2021dec",
    "match/self/sface-2021dec/genuine_high",
    "randomize",
    "randomize/score",
    "randomize/spread",
    "randomize/spread/sface-2021dec",
    "squeeze",
    "squeeze/sface-2021dec",
    "agreement",
    "agreement/source",
    "agreement/target",
    "agreement/threshold",
    "quality",
    "quality/least_width_px",
    "quality/most_yaw_ratio",
    "duplicate",
    "duplicate/threshold",
    "models",
    "models/sface-2021dec",
    "models/sface-2021dec/recipe_digest",
]


@pytest.mark.parametrize("path", _REQUIRED)
def test_a_missing_key_is_refused(profile: Profile, folder: Path, dump: Dump, path: str) -> None:
    dump(profile)

    def change(document: Document) -> None:
        table, key = at(document, path)
        del table[key]

    rewrite(folder, change)
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "2026-11-01T00:00:00Z"])
def test_numbers_that_are_none_are_refused(profile: Profile, folder: Path, dump: Dump, value: str) -> None:
    dump(profile)
    path = folder / PROFILE_FILE
    path.write_text(path.read_text().replace("threshold = 0.8", f"threshold = {value}"))
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"name = ", b"[a]\n[a]\n", b"digest = 5\n", b"a = " + b"[" * 9_000, b"#" * 2**21]
)
def test_a_file_that_is_no_profile_is_refused(profile: Profile, folder: Path, dump: Dump, content: bytes) -> None:
    dump(profile)
    (folder / PROFILE_FILE).write_bytes(content)
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


def test_a_folder_without_profile_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_profile(folder, environment="development")


@pytest.mark.parametrize(
    "change",
    [
        {"screen_threshold": float("nan")},
        {"detector_threshold": 1.5},
        {"screen_model": "third"},
        {"squeeze_thresholds": {}},
        {"name": ""},
        {"bindings": {}},
        {"plain_score_caps": {}},
        {"expires": dt.datetime(2026, 11, 1, tzinfo=dt.UTC)},
        {"created": dt.datetime(2026, 11, 1)},  # noqa: DTZ001 - without a zone on purpose
        {"gallery": GallerySize(most_people=0, fpir=0.1)},
    ],
)
def test_a_profile_that_would_not_load_is_not_written(
    profile: Profile, folder: Path, dump: Dump, change: dict[str, object]
) -> None:
    with pytest.raises(ConfigError):
        dump(dataclasses.replace(profile, **change))  # type: ignore[arg-type] # any field, wrong on purpose
    assert not folder.exists()


def test_measured_figures_that_have_no_toml_form_are_refused(profile: Profile, folder: Path) -> None:
    with pytest.raises(ConfigError):
        dump_profile(
            profile,
            folder,
            data="x",
            data_digest="c" * 64,
            measured={"far": None},
        )


def test_a_folder_that_cannot_be_written_is_a_store_fault(profile: Profile, folder: Path, dump: Dump) -> None:
    folder.touch()
    with pytest.raises(StoreError) as caught:
        dump(profile)
    assert caught.value.hint
