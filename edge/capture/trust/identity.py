"""What tells one camera from another, and the pin that a site holds it against."""

from dataclasses import dataclass, fields

from edge.capture.source import SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPin:
    """What the site says of its camera. An empty field is not asked for.

    Attributes:
        bus_path: where it is plugged in: controller and port of USB, the device tree's path of a sensor.
        vendor_product: USB ids, ``046d:082d``.
        serial: USB serial number.
        sensor: the board's name of a CSI sensor, or the driver's of another one on the board.
        fingerprint: sha256 of a network camera's certificate (DER), 64 hexadecimal digits.
    """

    bus_path: str = ""
    vendor_product: str = ""
    serial: str = ""
    sensor: str = ""
    fingerprint: str = ""

    def lacks(self, kind: SourceKind) -> tuple[str, ...]:
        """Return the fields without which this pins no camera of that kind."""
        if kind is SourceKind.RTSP:
            return () if self.fingerprint else ("fingerprint",)
        named = self.sensor if kind is SourceKind.CSI else self.sensor or self.vendor_product
        name = "sensor" if kind is SourceKind.CSI else "vendor_product"
        return tuple(field for field, is_there in (("bus_path", self.bus_path), (name, named)) if not is_there)

    def differences(self, found: "CameraIdentity") -> tuple[str, ...]:
        """Return, for each pinned field that is not as found, what was found; empty when it is the camera."""
        return tuple(
            f"{field.name} is {getattr(found, field.name) or 'missing'}"
            for field in fields(self)
            if getattr(self, field.name) and getattr(self, field.name) != getattr(found, field.name)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraIdentity:
    """What was found of a camera. What a kind of camera cannot tell is empty.

    Attributes:
        source: how it is named as a SOURCE, without a login.
        name: what it calls itself, for people.
        bus_path: as of ``CameraPin``.
        vendor_product: as of ``CameraPin``.
        serial: as of ``CameraPin``.
        sensor: as of ``CameraPin``.
        fingerprint: as of ``CameraPin``.
        unreal: why it is no camera but a program that poses as one; empty for a real one.
    """

    source: str
    name: str = ""
    bus_path: str = ""
    vendor_product: str = ""
    serial: str = ""
    sensor: str = ""
    fingerprint: str = ""
    unreal: str = ""

    @property
    def pin(self) -> CameraPin:
        """Everything that is known of it, as a pin."""
        return CameraPin(**{field.name: getattr(self, field.name) for field in fields(CameraPin)})


def pin_as_toml(pin: CameraPin) -> str:
    """Return a pin as the inline table that ``camera.pin`` takes."""
    known = [(field.name, getattr(pin, field.name)) for field in fields(pin) if getattr(pin, field.name)]
    return "{" + ", ".join(f'{name} = "{value}"' for name, value in known) + "}"
