"""The section of the metrics."""

from pydantic import Field

from edge.settings.sections import Section


class MetricsSection(Section):
    """Numbers for Prometheus, on this machine's loopback alone."""

    port: int = Field(
        default=0, ge=0, le=65_535, description="TCP port of http://127.0.0.1:PORT/metrics; 9464 is usual. 0: off."
    )
    unsafe_host: str = Field(
        default="",
        max_length=255,
        description="Another address to listen on, for everybody who reaches it. Refused in production.",
    )
