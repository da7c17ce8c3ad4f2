"""Writes the contracts of the messages into docs/reference/messages: schemas, ``asyncapi.yaml``, examples.

``python scripts/write_contracts.py`` writes; with ``--check`` it writes nothing and exits 1 if a file is out of date.
An example that is there already is never written over: whoever changes what a version says must give it a new one.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.contracts.asyncapi import asyncapi_document
from scripts.contracts.examples import examples
from scripts.contracts.schemas import schema_files
from scripts.contracts.yaml_text import yaml_text

ROOT = Path(__file__).parents[1]
MESSAGES = ROOT / "docs" / "reference" / "messages"
EXAMPLES = MESSAGES / "examples"


def main() -> int:
    """Write or check every file."""
    is_check = "--check" in sys.argv[1:]
    changed = changed_examples()
    for path in changed:
        print(f"{path.relative_to(ROOT)}: today's code writes this message otherwise; give its schema a new version")
    stale = {path: content for path, content in contract_files().items() if _content(path) != content}
    for path, content in stale.items():
        name = path.relative_to(ROOT)
        if is_check:
            print(f"{name}: out of date; run python scripts/write_contracts.py")
        elif path not in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            print(f"{name}: written")
    return 1 if changed or (stale and is_check) else 0


def contract_files() -> Mapping[Path, bytes]:
    """Return every file as the code has it now, by its path."""
    schemas = {MESSAGES / "schemas" / name: _json(schema) for name, schema in schema_files().items()}
    made = {EXAMPLES / f"{stem}.json": payload for stem, payload in examples().items()}
    return {**schemas, **made, MESSAGES / "asyncapi.yaml": yaml_text(asyncapi_document()).encode("utf-8")}


def changed_examples() -> tuple[Path, ...]:
    """Return the published examples that today's code would write otherwise."""
    made = {EXAMPLES / f"{stem}.json": payload for stem, payload in examples().items()}
    return tuple(path for path, payload in made.items() if path.exists() and path.read_bytes() != payload)


def _json(schema: Mapping[str, object]) -> bytes:
    return (json.dumps(schema, indent=2) + "\n").encode("utf-8")


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
