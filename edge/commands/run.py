"""``edge-gate run``: the daemon."""

import signal
import threading
from types import FrameType

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.daemon.service import ServiceHooks, serve
from edge.settings.load import load_settings
from edge.telemetry.logs import configure_logs


def run(config: ConfigOption = None, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Run the gate until SIGTERM or SIGINT. Logs go to stderr (as JSON with --json), decisions to the broker."""
    settings = load_settings(config, state_dir=state)
    configure_logs(level=settings.log.level, form="json" if as_json else settings.log.format)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    serve(settings, ServiceHooks(is_stopping=stopping.is_set))
