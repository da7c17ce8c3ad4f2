"""The sections of the settings, each frozen, bounded and closed: an unknown key is an error."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

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


class CameraSection(Section):
    """The camera."""

    source: str = Field(
        default="",
        description="/dev/video0, rtsp(s)://…, csi:0, synthetic:IMAGE, a video, an image or a folder. Empty: none.",
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


class EngineSection(Section):
    """How models are run."""

    runtime: Literal["openvino", "onnxruntime"] = Field(default="openvino", description="Inference runtime.")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto", description="auto = the faster of fp32 and bf16, measured on this machine once."
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads an engine uses.")
    detector_width_px: int = Field(default=640, ge=160, le=1920, multiple_of=32, description="Detector input width.")
    detector_height_px: int = Field(
        default=480, ge=160, le=1920, multiple_of=32, description="Detector input height."
    )
    models_dir: Path | None = Field(default=None, description="Where models lie. Default: the XDG cache.")


class PolicySection(Section):
    """How much evidence opens the door. Thresholds are in the calibration profile."""

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
        default=12, ge=2, le=100, description="Expensive verifications that one attempt may use up."
    )
    failures_before_hold: int = Field(default=5, ge=1, le=100, description="Near misses that start a hold.")
    failure_window_ms: float = Field(
        default=60_000, ge=1_000, le=3_600_000, description="How long a near miss is remembered, milliseconds."
    )
    hold_ms: float = Field(
        default=10_000, ge=1_000, le=3_600_000, description="How long a hold denies everybody, milliseconds."
    )
    profile: Path | None = Field(
        default=None, description="Folder of the calibration profile. Default: the one that ships with the gate."
    )


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

    @field_validator("profile_keys", mode="before")
    @classmethod
    def _from_a_variable(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("profile_keys")
    @classmethod
    def _no_key_that_anybody_signs_for(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if is_small_order(bytes.fromhex(key)):
                raise ValueError(f"{key} is nobody's public key: anybody could sign for it")
        return keys

    @property
    def public_keys(self) -> tuple[bytes, ...]:
        """The keys, 32 raw bytes each."""
        return tuple(map(bytes.fromhex, self.profile_keys))


class BrokerSection(Section):
    """The MQTT 5 broker."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Host name; checked against its certificate.")
    port: int = Field(default=1883, ge=1, le=65_535, description="8883 is usual with TLS.")
    client_id: str | None = Field(default=None, description="Fixed client id. Default: {site}-{gate}.")
    username: str | None = Field(default=None, description="User name; the password comes from password_file.")
    password_file: Path | None = Field(default=None, description="File (0600) with the password, nothing else.")
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


class LogSection(Section):
    """Logs, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level written.")
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto = text on a terminal, else JSON."
    )
