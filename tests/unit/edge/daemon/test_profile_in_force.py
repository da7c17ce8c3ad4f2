"""What the daemon takes for its profile: signed by whom it may be, in date, for its models and its people."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.daemon.assembly import CatalogModels, read_profile
from edge.daemon.models import serving_bindings
from edge.daemon.profile_in_force import date_problem, profile_in_force, refuse_outgrown, warn_of_date
from edge.domain.embedding import Binding
from edge.domain.errors import ConfigError, TrustError
from edge.domain.profile import SignedBy
from edge.settings.sections import Environment, PolicySection, TrustSection
from edge.settings.tree import Settings
from edge.trust.development_key import DEVELOPMENT_PUBLIC_KEY, development_signer
from edge.trust.profile import load_profile
from edge.trust.profile_writing import dump_profile, sign_profile
from edge.trust.signing import Signer
from tests.support.hand_clock import HandClock
from tests.support.profiles import a_profile
from tests.support.site_profile import CREATED, EXPIRES, site_profile

OURS, THEIRS = Signer(bytes(range(32))), Signer(bytes(range(1, 33)))
NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
EITHER = (Environment.PRODUCTION, Environment.DEVELOPMENT)

either = pytest.mark.parametrize("environment", EITHER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return site_profile(tmp_path / "profile")


def settings_of(folder: Path, environment: Environment, *keys: bytes) -> Settings:
    return Settings(
        environment=environment,
        policy=PolicySection(profile=folder),
        trust=TrustSection(profile_keys=tuple(key.hex() for key in keys)),
    )


def refused(settings: Settings, now: dt.datetime = NOON, models: CatalogModels | None = None) -> str:
    with pytest.raises(TrustError) as caught:
        profile_in_force(settings, models or CatalogModels(), HandClock(now))
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return str(caught.value)


@either
def test_a_trusted_key_serves(folder: Path, environment: Environment) -> None:
    sign_profile(folder, OURS)
    settings = settings_of(folder, environment, OURS.public_key)
    assert profile_in_force(settings, CatalogModels(), HandClock(NOON)).signed_by is SignedBy.TRUSTED_KEY


@either
@pytest.mark.parametrize("table", ["sanitize", "baseline"])
def test_a_profile_without_the_numbers_of_a_defense_serves_nowhere(
    folder: Path, environment: Environment, table: str
) -> None:
    kept = load_profile(folder, environment="development")
    bare = replace(kept, pixel_limits=None) if table == "sanitize" else replace(kept, baselines=kept.baselines[:1])
    dump_profile(bare, folder, data="pictures of our door", data_digest="c" * 64)
    sign_profile(folder, OURS)
    with pytest.raises(ConfigError, match="lacks"):
        profile_in_force(settings_of(folder, environment, OURS.public_key), CatalogModels(), HandClock(NOON))


@either
def test_nobodys_signature_serves_nowhere(folder: Path, environment: Environment) -> None:
    assert "not signed" in refused(settings_of(folder, environment, OURS.public_key))
    looked_at = read_profile(settings_of(folder, environment), CatalogModels(), environment="development")
    assert looked_at.signed_by is SignedBy.NOBODY


@either
def test_anybody_elses_signature_serves_nowhere(folder: Path, environment: Environment) -> None:
    sign_profile(folder, THEIRS)
    assert "not trusted" in refused(settings_of(folder, environment, OURS.public_key))


def test_the_development_key_serves_development_alone(folder: Path) -> None:
    sign_profile(folder, development_signer())
    settings = settings_of(folder, Environment.DEVELOPMENT)
    assert profile_in_force(settings, CatalogModels(), HandClock(NOON)).signed_by is SignedBy.DEVELOPMENT_KEY
    assert "everybody has" in refused(settings_of(folder, Environment.PRODUCTION, DEVELOPMENT_PUBLIC_KEY))


@either
def test_other_models_are_refused(folder: Path, environment: Environment) -> None:
    sign_profile(folder, OURS)
    found = {id_: Binding(id_, "0" * 64, b.recipe_digest, b.precision_class) for id_, b in serving_bindings().items()}
    settings = settings_of(folder, environment, OURS.public_key)
    assert "other models" in refused(settings, models=CatalogModels(found))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (EXPIRES, "expired"),
        (EXPIRES + dt.timedelta(days=400), "expired"),
        (CREATED - dt.timedelta(seconds=1), "still to come"),
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), "still to come"),
    ],
)
def test_out_of_date_is_refused_in_production_and_told_of_in_development(
    folder: Path, now: dt.datetime, said: str
) -> None:
    sign_profile(folder, OURS)
    assert said in refused(settings_of(folder, Environment.PRODUCTION, OURS.public_key), now)
    settings = settings_of(folder, Environment.DEVELOPMENT, OURS.public_key)
    profile = profile_in_force(settings, CatalogModels(), HandClock(now))
    with capture_logs() as logs:
        warn_of_date(profile, now)
    assert [(line["event"], line["log_level"]) for line in logs] == [("profile.outdated", "warning")]
    assert said in logs[0]["problem"]


@pytest.mark.parametrize("now", [CREATED, NOON, EXPIRES - dt.timedelta(seconds=1)])
def test_in_date_nothing_is_said(now: dt.datetime) -> None:
    assert date_problem(CREATED, EXPIRES, now) is None
    with capture_logs() as logs:
        warn_of_date(replace(a_profile(), created=CREATED, expires=EXPIRES), now)
    assert logs == []


def test_more_people_than_the_profile_is_for_are_a_matter_of_configuration() -> None:
    profile = a_profile()
    for people in (0, profile.gallery.most_people):
        refuse_outgrown(people, profile)
    with pytest.raises(ConfigError, match="11 people are more than the 10") as caught:
        refuse_outgrown(profile.gallery.most_people + 1, profile)
    assert caught.value.exit_code == 3
    assert "larger gallery" in caught.value.hint
