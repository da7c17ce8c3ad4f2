"""The ``edge-gate`` command: groups, plug-in commands of other packages, and the one place where faults end.

Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 integrity, 5 device.
"""

import importlib.metadata
import io
import sys
from collections.abc import Callable, Sequence

import typer
from typer.exceptions import TyperException

from edge.domain.errors import EdgeError, UsageError
from edge.domain.visible_text import visible
from engines.errors import AcceptanceError, DeviceError, EngineError, IntegrityError, RuntimeMissingError

ENTRY_POINTS = "edge_gate.commands"
_OPTIONAL_GROUPS = {
    "redteam": "the red team is not installed on a device; use a source checkout",
    "training": "training is not installed on a device; use a source checkout",
}


def build_app() -> typer.Typer:
    """Return the command line with every installed group."""
    from edge.commands import (
        audit,
        bench,
        cameras,
        check,
        command,
        engines,
        events,
        evidence,
        limits,
        outbox,
        people,
        posture,
        run,
        state,
        watch,
    )
    from edge.commands.demo.command import demo
    from edge.commands.drill.command import drill

    app = typer.Typer(
        name="edge-gate",
        help="A camera gate: two face models must agree, every would-be grant is defended.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.command("demo")(demo)
    app.command("run")(run.run)
    app.command("check")(check.check)
    app.command("drill")(drill)
    app.command("watch")(watch.watch)
    app.add_typer(people.app, name="people")
    app.add_typer(evidence.app, name="evidence")
    app.add_typer(limits.app, name="limits")
    app.add_typer(posture.app, name="posture")
    app.add_typer(outbox.app, name="outbox")
    app.add_typer(audit.app, name="audit")
    app.add_typer(state.app, name="state")
    app.add_typer(cameras.app, name="cameras")
    app.add_typer(engines.app, name="engines")
    app.add_typer(bench.app, name="bench")
    app.add_typer(command.app, name="command")
    app.add_typer(events.app, name="events")
    _add_plugins(app)
    return app


def main() -> None:
    """Run the command line of this process and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a name must not end the command
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_command_line(sys.argv[1:]))


def run_command_line(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; a fault is told on stderr and never raised."""
    return _guarded(lambda: build_app()(args=list(arguments), prog_name="edge-gate", standalone_mode=False))


def _guarded(call: Callable[[], object]) -> int:
    """Run ``call``; turn every known fault into a message, a hint and an exit code."""
    try:
        result = call()
    except EdgeError as error:
        return _tell(str(error), error.hint, error.exit_code)
    except EngineError as error:
        return _tell(str(error), error.hint, _engine_exit_code(error))
    except TyperException as error:
        message = error.format_message()
        if message.startswith("Usage:"):
            print(message)
            return error.exit_code
        return _tell(message, "see 'edge-gate --help'", error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return _tell("interrupted", "", 1)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return result if isinstance(result, int) else 0


def _tell(message: str, hint: str, code: int) -> int:
    print(f"error: {visible(message)}", file=sys.stderr)
    if hint:
        print(f"hint: {visible(hint)}", file=sys.stderr)
    return code


def _engine_exit_code(error: EngineError) -> int:
    if isinstance(error, IntegrityError | AcceptanceError):
        return 4
    return 5 if isinstance(error, RuntimeMissingError | DeviceError) else 1


def _add_plugins(app: typer.Typer) -> None:
    """Add the groups that other packages register; a known group that is absent says so and exits 2."""
    absent = dict(_OPTIONAL_GROUPS)
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            group = entry.load()
        except ModuleNotFoundError:
            if entry.name not in absent:
                raise
            continue
        absent.pop(entry.name, None)
        app.add_typer(group, name=entry.name)
    for name, why in absent.items():
        app.command(name, hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(
            _refuse(name, why)
        )


def _refuse(name: str, why: str) -> Callable[[], None]:
    def refuse() -> None:
        raise UsageError(f"{name} is not available here", hint=why)

    return refuse


if __name__ == "__main__":
    main()
