"""The sections of the settings, each frozen, bounded and closed: an unknown key is an error."""

import json
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from edge.domain.command import CommandName
from edge.domain.level import Level
from edge.trust.signing import is_small_order

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
PublicKey = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Environment(StrEnum):
    """Where the gate runs. Production refuses everything that is unsigned, fake or named Unsafe."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Section(BaseModel):
    """Base of every section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_nul(cls, value: object) -> object:
        if isinstance(value, str | Path) and "\0" in str(value):
            raise ValueError("a setting cannot hold a NUL character")
        return value


class GateSection(Section):
    """Which gate this is; it names the MQTT topics."""

    site: Name = Field(default="site", description="Site, a topic level: lower case, digits, dashes.")
    gate: Name = Field(default="gate", description="Gate within the site, a topic level.")
    access_point: Name = Field(default="door", description="The door or kiosk that the gate guards.")


class CameraPinSection(Section):
    """Which camera it must be: what ``edge-gate cameras list`` prints of it. What is empty is not asked for."""

    bus_path: str = Field(default="", max_length=256, description="Where it is plugged in.")
    vendor_product: str = Field(
        default="", pattern=r"^([0-9a-f]{4}:[0-9a-f]{4})?$", description="USB vendor and product."
    )
    serial: str = Field(default="", max_length=256, description="USB serial number.")
    sensor: str = Field(default="", max_length=256, description="The board's name of a sensor.")
    fingerprint: str = Field(
        default="", pattern=r"^([0-9a-f]{64})?$", description="sha256 of a network camera's certificate."
    )


class CameraSection(Section):
    """The camera."""

    source: str = Field(
        default="",
        description="/dev/video0, rtsp(s)://…, csi:0, synthetic:IMAGE, a video, an image or a folder. Empty: none.",
    )
    pin: CameraPinSection | None = Field(
        default=None,
        description="Which camera it must be, a table of bus_path, vendor_product, serial, sensor, fingerprint, as "
        "'edge-gate cameras list' prints it. Needed before a door in production. In a variable: an inline table.",
    )
    unsafe_source: bool = Field(
        default=False,
        description="Allow a video, a synthetic or virtual camera or a plain rtsp one before a door. Refused in "
        "production.",
    )
    stale_after_ms: float = Field(
        default=500, gt=0, le=5_000, description="A frame older than this when it is taken is refused, milliseconds."
    )
    stall_after_ms: float = Field(
        default=3_000, ge=500, le=60_000, description="A camera silent for so long is restarted, milliseconds."
    )
    frozen_after_frames: int = Field(
        default=5, ge=2, le=300, description="So many byte-identical frames in a row are a frozen feed."
    )
    dark_below: float = Field(
        default=12,
        ge=0,
        le=128,
        description="Gray level, 0 to 255: a frame whose brighter parts lie under it is dark, or the lens covered.",
    )
    blank_below: float = Field(
        default=2,
        ge=0,
        le=64,
        description="Gray levels by which a frame's parts must differ (standard deviation of block means); one that "
        "is more even shows nothing: the lens is covered, or no camera stands behind it. 0: not asked.",
    )

    @field_validator("pin", mode="before")
    @classmethod
    def _from_a_variable(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tomllib.loads(f"pin = {value}")["pin"] if value.strip() else None
        except (ValueError, RecursionError) as error:
            raise ValueError(f"no inline table: {error}") from error


class EngineSection(Section):
    """How models are run."""

    runtime: Literal["openvino", "onnxruntime", "tensorrt"] = Field(
        default="openvino", description="Inference runtime. tensorrt serves what 'edge-gate engines build' built."
    )
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] = Field(
        default="auto",
        description="auto = the faster of fp32 and bf16, measured on this machine once; on tensorrt fp16. int8 needs "
        "templates and a profile of its own.",
    )
    answer_within_ms: float = Field(
        default=2_000,
        ge=100,
        le=30_000,
        description="A live camera's face that is not judged in so long is denied: the engines hang or are too slow, "
        "milliseconds. More than policy.most_frame_age_ms is pointless: older evidence does not count.",
    )
    probe_every_s: float = Field(
        default=15,
        ge=1,
        le=3_600,
        description="While nobody is there, one engine is held against its golden pictures every so often, seconds.",
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads an engine uses.")
    detector_width_px: int = Field(default=640, ge=160, le=1920, multiple_of=32, description="Detector input width.")
    detector_height_px: int = Field(
        default=480, ge=160, le=1920, multiple_of=32, description="Detector input height."
    )
    models_dir: Path | None = Field(default=None, description="Where models lie. Default: the XDG cache.")


class PolicySection(Section):
    """How much evidence opens the door. Thresholds are in the calibration profile."""

    level: Level | None = Field(
        default=None,
        description="What is asked for besides the face: convenience, standard or high. Default: standard for a door "
        "in production, convenience in development or without a door.",
    )
    frames_needed: int = Field(default=2, ge=1, le=10, description="k: good frames for a grant.")
    frames_window: int = Field(default=3, ge=1, le=10, description="n: latest frames among which they must lie.")
    most_frame_age_ms: float = Field(
        default=2_000, gt=0, le=10_000, description="Evidence older than this does not count, milliseconds."
    )
    attempt_timeout_ms: float = Field(
        default=6_000, ge=500, le=60_000, description="An attempt that lasts longer is denied, milliseconds."
    )
    rearm_after_denial_ms: float = Field(
        default=3_000, ge=0, le=60_000, description="A face that stays may try again after a denial, milliseconds."
    )
    rearm_after_grant_ms: float = Field(
        default=10_000,
        ge=0,
        le=600_000,
        description="A face that stays may be granted again after this, milliseconds.",
    )
    most_verifications: int = Field(
        default=12,
        ge=2,
        le=100,
        description="Expensive verifications that one attempt may use up on frames that are not good.",
    )
    failures_before_escalation: int = Field(
        default=2, ge=1, le=100, description="Failures that ask one face or claimed identity for a second factor."
    )
    failures_before_hold: int = Field(
        default=5, ge=1, le=100, description="Failures that hold one face or claimed identity."
    )
    gate_failures_before_hold: int = Field(
        default=20, ge=1, le=1_000, description="Failures, whoever's, that hold the gate."
    )
    failure_window_ms: float = Field(
        default=60_000, ge=1_000, le=3_600_000, description="In this time all failures are forgotten, milliseconds."
    )
    hold_ms: float = Field(
        default=10_000,
        ge=1_000,
        le=3_600_000,
        description="How long a hold and an escalation last, milliseconds.",
    )
    outcome_tick_ms: float = Field(
        default=250,
        ge=50,
        le=1_000,
        description="Outcomes leave the gate on ticks of so many milliseconds. More than one judgment takes.",
    )
    certificate: tuple[Name, ...] | None = Field(
        default=None,
        max_length=8,
        description="Certificates of the profile that a grant needs, such as tiered, with commas between them. "
        "Default: tiered at level high, none below. Empty: none, which level high refuses.",
    )
    profile: Path | None = Field(
        default=None, description="Folder of the calibration profile. Default: the one that ships with the gate."
    )

    @field_validator("certificate", mode="before")
    @classmethod
    def _certificates_in_a_text(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class AlertsSection(Section):
    """What an operator is told of beyond single attempts. Nothing here grants or denies."""

    refusals: int = Field(
        default=5, ge=2, le=1_000, description="So many refused attempts of one face, whoever it is, are told of."
    )
    refusal_window_ms: float = Field(
        default=600_000,
        ge=10_000,
        le=86_400_000,
        description="Within this time, and told of once in it, milliseconds. A refused face is forgotten when it was "
        "not seen for so long.",
    )
    faces_remembered: int = Field(
        default=64, ge=1, le=1_024, description="Most refused faces in memory; the oldest goes first."
    )


class CommandKeySection(Section):
    """A key that may send commands, and which."""

    public_key: PublicKey = Field(description="Public key of the sender, hexadecimal.")
    name: Name = Field(description="What records call the sender.")
    commands: frozenset[CommandName] = Field(min_length=1, description="What it may send.")

    @field_validator("public_key")
    @classmethod
    def _is_somebodys(cls, key: str) -> str:
        return _somebodys(key)


class ChallengeSection(Section):
    """The challenge of random head movements, where a level asks for one."""

    movements: int = Field(default=3, ge=3, le=6, description="How many movements, drawn anew each time.")
    movement_ms: float = Field(
        default=4_000,
        ge=1_000,
        le=20_000,
        description="Time for each movement, and for returning from it, milliseconds.",
    )
    total_ms: float = Field(
        default=15_000, ge=3_000, le=60_000, description="Time for the whole challenge, milliseconds."
    )
    hold_ms: float = Field(default=250, ge=100, le=2_000, description="How long a pose must be held, milliseconds.")
    turn_deg: float = Field(
        default=18, ge=10, le=45, description="How far to turn left or right from the own neutral pose, degrees."
    )
    nod_deg: float = Field(default=12, ge=6, le=30, description="How far to look up or down from it, degrees.")


class TrustSection(Section):
    """Whom the gate believes."""

    profile_keys: tuple[PublicKey, ...] = Field(
        default=(),
        max_length=16,
        description="Public keys, hexadecimal, of those who may sign the calibration profile. In a variable: with "
        "commas between them.",
    )

    command_keys: tuple[CommandKeySection, ...] = Field(
        default=(),
        max_length=16,
        description="Keys that may send commands: public_key (hexadecimal), name, and commands, a list of claim, "
        "unlock, posture and replay. In a variable: as a JSON list.",
    )
    claim_valid_ms: float = Field(
        default=8_000,
        ge=1_000,
        le=30_000,
        description="How long a badge or PIN counts for the face that follows, milliseconds.",
    )

    @field_validator("command_keys", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError("in a variable it is a JSON list") from error

    @field_validator("command_keys")
    @classmethod
    def _no_key_and_no_name_twice(cls, keys: tuple[CommandKeySection, ...]) -> tuple[CommandKeySection, ...]:
        for values in ([key.public_key for key in keys], [key.name for key in keys]):
            twice = {value for value in values if values.count(value) > 1}
            if twice:
                raise ValueError(f"{min(twice)} is listed twice")
        return keys

    @field_validator("profile_keys", mode="before")
    @classmethod
    def _from_a_variable(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("profile_keys")
    @classmethod
    def _no_key_that_anybody_signs_for(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_somebodys, keys))

    @property
    def public_keys(self) -> tuple[bytes, ...]:
        """The keys, 32 raw bytes each."""
        return tuple(map(bytes.fromhex, self.profile_keys))


def _somebodys(key: str) -> str:
    if is_small_order(bytes.fromhex(key)):
        raise ValueError(f"{key} is nobody's public key: anybody could sign for it")
    return key


class BrokerSection(Section):
    """The MQTT 5 broker."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Host name; checked against its certificate.")
    port: int = Field(default=1883, ge=1, le=65_535, description="8883 is usual with TLS.")
    client_id: str | None = Field(
        default=None,
        description="Fixed client id. Default: the client certificate's common name, without one {site}-{gate}.",
    )
    username: str | None = Field(default=None, description="User name; the password comes from password_file.")
    password_file: Path | None = Field(
        default=None,
        description="File (0600) with the password, nothing else. A bare name, here and below: a systemd credential.",
    )
    ca_file: Path | None = Field(default=None, description="CA certificates (PEM). Turns TLS on.")
    cert_file: Path | None = Field(default=None, description="Client certificate (PEM) for mutual TLS.")
    key_file: Path | None = Field(default=None, description="Key of the client certificate (PEM, 0600).")
    unsafe_plaintext: bool = Field(
        default=False, description="Allow a broker without TLS outside this machine. Refused in production."
    )


class DoorSection(Section):
    """What is driven on a grant."""

    kind: Literal["mqtt-only", "none"] = Field(
        default="none", description="mqtt-only: the signed decision event is the signal. none: decide, open nothing."
    )


class StateSection(Section):
    """Where the gate keeps what it must not lose."""

    dir: Path | None = Field(default=None, description="State folder. Default: the XDG state folder.")
    anchor_dir: Path | None = Field(
        default=None,
        description="Folder of the gallery's anchor, better on another medium than the database. Default: the state "
        "folder.",
    )


class LogSection(Section):
    """Logs, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level written.")
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto = text on a terminal, else JSON."
    )
