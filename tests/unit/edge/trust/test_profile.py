import contextlib
import dataclasses
import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.errors import ConfigError, StoreError, TrustError
from edge.domain.profile import Profile
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.trust.profile import AGREEMENT_FILE, PROFILE_FILE, dump_profile, load_profile, read_profile_file
from edge.trust.toml_text import toml_text

Dump = Callable[[Profile], Profile]
Document = dict[str, object]


def _rewrite(folder: Path, change: Callable[[Document], None]) -> None:
    """Change the profile as its own writer would: with a fitting digest."""
    document: Document = tomllib.loads((folder / PROFILE_FILE).read_text())
    del document["digest"]
    change(document)
    digest = tagged_sha256("egate-profile-v1", canonical_json(document)).hex()
    (folder / PROFILE_FILE).write_text(toml_text({"digest": digest, **document}))


def _at(document: Document, path: str) -> tuple[Document, str]:
    *tables, key = path.split("/")
    for table in tables:
        document = document[table]  # type: ignore[assignment] # the path leads through tables
    return document, key


def test_what_is_dumped_is_loaded(profile: Profile, folder: Path, dump: Dump) -> None:
    written = dump(profile)
    loaded = load_profile(folder, environment="development")
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
    path = folder / data.draw(st.sampled_from([PROFILE_FILE, AGREEMENT_FILE]))
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
        ("provisional", "true"),
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
        ("agreement/file", "../agreement.npz"),
        ("agreement/file", "agreement.pickle"),
        ("agreement/sha256", "short"),
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

    def change(document: Document) -> None:
        table, key = _at(document, path)
        table[key] = value

    _rewrite(folder, change)
    with pytest.raises(ConfigError) as caught:
        load_profile(folder, environment="development")
    assert caught.value.exit_code == 3
    assert caught.value.hint


_REQUIRED = [
    "name",
    "provisional",
    "created",
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
    "agreement/file",
    "agreement/sha256",
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
        table, key = _at(document, path)
        del table[key]

    _rewrite(folder, change)
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "2026-11-01T00:00:00Z"])
def test_numbers_that_are_none_are_refused(profile: Profile, folder: Path, dump: Dump, value: str) -> None:
    dump(profile)
    path = folder / PROFILE_FILE
    path.write_text(path.read_text().replace("threshold = 0.8", f"threshold = {value}"))
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"name = ", b"[a]\n[a]\n", b"digest = 5\n"])
def test_a_file_that_is_no_profile_is_refused(profile: Profile, folder: Path, dump: Dump, content: bytes) -> None:
    dump(profile)
    (folder / PROFILE_FILE).write_bytes(content)
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


def test_a_folder_without_profile_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_profile(folder, environment="development")


@pytest.mark.parametrize("environment", ["production", "staging", ""])
def test_a_provisional_profile_serves_development_alone(
    profile: Profile, folder: Path, dump: Dump, environment: str
) -> None:
    dump(profile)
    with pytest.raises(TrustError, match="not signed") as caught:
        load_profile(folder, environment=environment)
    assert caught.value.exit_code == 4
    assert "development" in caught.value.hint


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_profile_that_only_claims_to_be_signed_is_refused(
    profile: Profile, folder: Path, dump: Dump, environment: str
) -> None:
    dump(profile)
    _rewrite(folder, lambda document: document.update(provisional=False))
    with pytest.raises(TrustError, match="not signed"):
        load_profile(folder, environment=environment)


@pytest.mark.parametrize("damage", ["missing", "altered", "truncated"])
def test_a_map_that_is_not_the_pinned_one_is_an_integrity_fault(
    profile: Profile, folder: Path, dump: Dump, damage: str
) -> None:
    dump(profile)
    path = folder / AGREEMENT_FILE
    content = path.read_bytes()
    path.unlink()
    if damage == "altered":
        path.write_bytes(content[:-30] + b"\1" + content[-29:])
    elif damage == "truncated":
        path.write_bytes(content[:-1])
    with pytest.raises(TrustError) as caught:
        load_profile(folder, environment="development")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((2, 2), np.float64),
        np.zeros(4, np.float32),
        np.zeros((0, 4), np.float32),
        np.full((2, 2), np.nan, np.float32),
        np.array([[object()]], dtype=object),
    ],
)
def test_a_pinned_map_of_another_kind_is_refused(
    profile: Profile, folder: Path, dump: Dump, weights: np.ndarray
) -> None:
    dump(profile)
    np.savez(folder / AGREEMENT_FILE, weights=weights)
    _pin(folder)
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\3\4 broken"])
def test_a_pinned_file_that_is_no_archive_is_refused(
    profile: Profile, folder: Path, dump: Dump, content: bytes
) -> None:
    dump(profile)
    (folder / AGREEMENT_FILE).write_bytes(content)
    _pin(folder)
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


def _pin(folder: Path) -> None:
    sha256 = hashlib.sha256((folder / AGREEMENT_FILE).read_bytes()).hexdigest()

    def change(document: Document) -> None:
        table, key = _at(document, "agreement/sha256")
        table[key] = sha256

    _rewrite(folder, change)


@pytest.mark.parametrize(
    "change",
    [
        {"screen_threshold": float("nan")},
        {"detector_threshold": 1.5},
        {"screen_model": "third"},
        {"squeeze_thresholds": {}},
        {"name": ""},
        {"bindings": {}},
    ],
)
def test_a_profile_that_would_not_load_is_not_written(
    profile: Profile, folder: Path, dump: Dump, change: dict[str, object]
) -> None:
    with pytest.raises(ConfigError):
        dump(dataclasses.replace(profile, **change))  # type: ignore[arg-type] # any field, wrong on purpose
    assert not folder.exists()


def test_a_profile_that_is_not_provisional_cannot_be_written_unsigned(
    profile: Profile, folder: Path, dump: Dump
) -> None:
    with pytest.raises(TrustError):
        dump(dataclasses.replace(profile, is_provisional=False))
    assert not folder.exists()


def test_measured_figures_that_have_no_toml_form_are_refused(profile: Profile, folder: Path) -> None:
    with pytest.raises(ConfigError):
        dump_profile(
            profile,
            folder,
            created=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
            data="x",
            data_digest="c" * 64,
            measured={"far": None},
        )


def test_a_folder_that_cannot_be_written_is_a_store_fault(profile: Profile, folder: Path, dump: Dump) -> None:
    folder.touch()
    with pytest.raises(StoreError) as caught:
        dump(profile)
    assert caught.value.hint
