"""What the tests of the engine room share."""

import pytest

from engines.build import build
from engines.cache import ModelStore
from engines.catalog import load_catalog
from engines.fetch import fetch_all


@pytest.fixture(scope="session")
def models() -> ModelStore:
    """The default store, with the weights of every model fetched and converted."""
    store = ModelStore()
    specs = load_catalog().values()
    fetch_all(specs, store)
    for spec in specs:
        build(spec, store)
    return store
