"""The state messages of a gate: its birth certificate and its heartbeat."""

import threading
from collections.abc import Callable, Mapping
from typing import Final

from edge.messaging.gate_client import GateClient
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import (
    AnomalyV1,
    AuditHeadV1,
    BirthV1,
    CommandV1,
    DecisionV1,
    GalleryV1,
    HealthV1,
    KioskV1,
    LifecycleV1,
)
from edge.messaging.topics import Topics

HEALTH_INTERVAL_S: Final = 30.0
"""A third of the health message's expiry (``Topics.health``)."""


def birth_certificate(
    identity: GateIdentity, *, version: str, models: Mapping[str, str], policy_digest: str, key_id: str
) -> BirthV1:
    """Return what the gate tells about itself on every connect.

    Args:
        identity: who it is.
        version: of the software.
        models: sha256 of each converted model, by model id.
        policy_digest: sha256 of the rules and operating points in force.
        key_id: name of the key that signs its events.
    """
    sent = (DecisionV1, AnomalyV1, LifecycleV1, CommandV1, GalleryV1, BirthV1, HealthV1, KioskV1, AuditHeadV1)
    return BirthV1(
        boot_id=identity.boot_id,
        version=version,
        models=dict(models),
        policy=policy_digest,
        key_id=key_id,
        schemas=tuple(payload.schema_urn for payload in sent),
    )


class Heartbeat:
    """Publishes the gate's health at once and then every ``interval_s``, on a thread of its own."""

    def __init__(
        self,
        client: GateClient,
        topics: Topics,
        report: Callable[[], HealthV1],
        interval_s: float = HEALTH_INTERVAL_S,
    ) -> None:
        """``report`` is called on the heartbeat's thread and must not raise."""
        self._client = client
        self._channel = topics.health
        self._report = report
        self._interval_s = interval_s
        self._due = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to beat. Starts once."""
        if self._thread is not None:
            raise RuntimeError("a heartbeat starts once; make a new one")
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """Publish now, from any thread: after a connect, or when the health changed."""
        self._due.set()

    def stop(self) -> None:
        """End the thread. May be repeated."""
        if self._thread is not None:
            self._stopping = True
            self._due.set()
            self._thread.join(5.0)

    def _run(self) -> None:
        while True:
            self._due.clear()
            if self._stopping:  # read after clear, so that a stop cannot be missed
                return
            if self._client.is_connected:
                self._client.publish_state(self._channel, self._report())
            self._due.wait(self._interval_s)
