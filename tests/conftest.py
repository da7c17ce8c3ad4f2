"""What every test leaves behind."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_end_with_the_test() -> Iterator[None]:
    """Undo what a command set up: its log would go on writing to a stream that pytest has closed."""
    yield
    structlog.reset_defaults()
