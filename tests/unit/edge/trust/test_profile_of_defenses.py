"""Certificates, baselines and pixel bounds come back from the profile as they were, or not at all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.domain.baseline import CHECKS, Baseline, Ellipsoid, OneClassMachine
from edge.domain.errors import ConfigError, TrustError
from edge.domain.isolation import IsolationForest
from edge.domain.motion import ReplayLimits
from edge.domain.pixel_limits import PixelLimits
from edge.domain.profile import Profile, SignedBy
from edge.domain.sketch import Spread
from edge.trust.development_key import development_signer
from edge.trust.profile import load_profile
from edge.trust.profile_writing import dump_profile, put_table, sign_profile
from edge.trust.replay_table import replay_table
from tests.support.detector_heads import a_head
from tests.support.patch_certificates import a_certificate
from tests.support.profile_files import put
from tests.support.profiles import a_profile

WIDTH = 4


def _baseline(model_id: str) -> Baseline:
    rng = np.random.default_rng(1)
    one = np.zeros(1, np.int32)
    return Baseline(
        model_id=model_id,
        ellipsoid=Ellipsoid(mean=np.zeros(WIDTH, np.float32), whitening=np.eye(WIDTH, dtype=np.float32)),
        forest=IsolationForest(
            width=WIDTH,
            roots=one,
            feature=one,
            cut=np.zeros(1, np.float32),
            left=one,
            right=one,
            length=np.ones(1, np.float32),
            steps=0,
        ),
        machine=OneClassMachine(
            frequencies=rng.normal(size=(WIDTH, 3)).astype(np.float32),
            phases=np.zeros(3, np.float32),
            weights=np.ones(3, np.float32),
        ),
        thresholds=dict.fromkeys(CHECKS, -1.5),
    )


@pytest.fixture
def profile() -> Profile:
    ids = ("a", "b")
    bindings = {i: replace(b, model_digest="1" * 64, recipe_digest="2" * 64) for i, b in a_profile().bindings.items()}
    return replace(
        a_profile(),
        bindings=bindings,
        squeeze_thresholds={i: {"median3": 0.1} for i in ids},
        certificates=(a_certificate(), a_certificate("union")),
        baselines=(_baseline("a"), _baseline("b")),
        pixel_limits=PixelLimits(most={"noise": 2.5}, least={"comb": -3.0}),
        granted={"fused": Spread(mean=0.7, deviation=0.1)},
        detector_head=a_head(("plain a", "median3 b"), threshold=2.5),
        replay=ReplayLimits(least_change=0.01, most_change=0.2),
    )


@pytest.fixture
def folder(tmp_path: Path, profile: Profile) -> Path:
    dump_profile(profile, tmp_path, data="made up", data_digest="c" * 64)
    return tmp_path


def test_everything_comes_back(folder: Path, profile: Profile) -> None:
    found = load_profile(folder, environment="development")
    assert found.pixel_limits == profile.pixel_limits
    assert found.granted == profile.granted
    assert found.replay == profile.replay
    for mine, back in zip(profile.certificates, found.certificates, strict=True):
        assert (mine.name, mine.masks, mine.bounds, mine.alignment) == (
            back.name,
            back.masks,
            back.bounds,
            back.alignment,
        )
        np.testing.assert_array_equal(mine.centers, back.centers)
        np.testing.assert_array_equal(mine.thresholds, back.thresholds)
    head, mine_head = found.detector_head, profile.detector_head
    assert head is not None
    assert mine_head is not None
    assert (head.features, head.bias, head.threshold) == (mine_head.features, mine_head.bias, mine_head.threshold)
    for name in ("center", "scale", "weights"):
        np.testing.assert_array_equal(getattr(head, name), getattr(mine_head, name))
    rows = np.random.default_rng(3).normal(size=(5, WIDTH)).astype(np.float32)
    for one, other in zip(profile.baselines, found.baselines, strict=True):
        assert one.thresholds == other.thresholds
        assert {k: v.tolist() for k, v in one.scores(rows).items()} == {
            k: v.tolist() for k, v in other.scores(rows).items()
        }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("certificate/tiered/mask/upper/row", 1),
        ("certificate/tiered/mask/upper/group", "other"),
        ("certificate/tiered/mask/upper/width", 1.5),
        ("certificate/tiered/mask/upper/height", 0.0),
        ("certificate/tiered/mask/upper/y", 0.9),
        ("certificate/tiered/mask/upper/fill", 256),
        ("certificate/tiered/mask/upper/threshold", 2.0),
        ("certificate/tiered/bound", {"cheap": 0.1}),
        ("certificate/tiered/alignment", "guessed"),
        ("certificate/tiered/model", "c"),
        ("certificate/other", {}),
        ("baseline/a/forest/threshold", 1e9),
        ("baseline/c", {}),
        ("sanitize/most", {"noise": {"threshold": -4.0}, "comb": {"threshold": -4.0}}),
        ("sanitize", {}),
        ("detector_head/features", []),
        ("detector_head/features", ["plain a", "plain a"]),
        ("detector_head/features", ["plain a", "median3 b", "one more"]),
        ("detector_head/features", ["plain a", "$(reboot)"]),
        ("detector_head/bias", 1e9),
        ("detector_head/threshold", 1e9),
        ("detector_head", {}),
        ("replay/least/threshold", 0.3),
        ("replay/least/threshold", 0.0),
        ("replay/most/threshold", 2.5),
        ("replay", {"least": {"threshold": 0.01}}),
    ],
)
def test_a_table_that_does_not_fit_is_refused(folder: Path, path: str, value: object) -> None:
    put(folder, path, value)
    with pytest.raises(ConfigError):
        load_profile(folder, environment="development")


def test_one_table_can_be_replaced_and_costs_the_signature(folder: Path, profile: Profile, tmp_path: Path) -> None:
    sign_profile(folder, development_signer())
    limits = ReplayLimits(least_change=0.02, most_change=0.3)
    put_table(folder, "replay", replay_table(limits), tmp_path / "other")
    found = load_profile(tmp_path / "other", environment="development")
    assert found.replay == limits
    assert found.signed_by is SignedBy.NOBODY
    assert found.match == load_profile(folder, environment="development").match
    assert load_profile(folder, environment="development").replay == profile.replay


def test_a_table_that_no_profile_has_is_not_put(folder: Path) -> None:
    before = (folder / "profile.toml").read_bytes()
    for name, table in (("other", {"a": 1}), ("replay", {"least": {"threshold": 0.5}})):
        with pytest.raises(ConfigError):
            put_table(folder, name, table)
    assert (folder / "profile.toml").read_bytes() == before


@pytest.mark.parametrize("name", ["certificate", "baseline"])
def test_an_array_without_its_table_is_refused(folder: Path, name: str) -> None:
    put(folder, name, {})
    with pytest.raises(ConfigError, match=r"arrays|baselines"):
        load_profile(folder, environment="development")


def test_a_head_whose_arrays_were_altered_is_refused(folder: Path) -> None:
    file = folder / "arrays.npz"
    content = bytearray(file.read_bytes())
    place = content.find(b"detector_head.weights.npy")
    content[place + 200] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(TrustError, match="not the file that the profile pins"):
        load_profile(folder, environment="development")


def test_a_head_without_the_baselines_that_it_reads_is_refused(tmp_path: Path, profile: Profile) -> None:
    with pytest.raises(ConfigError, match="detector_head"):
        dump_profile(replace(profile, baselines=()), tmp_path, data="made up", data_digest="c" * 64)
