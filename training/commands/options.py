"""Options that commands of ``training`` share."""

from pathlib import Path
from typing import Annotated

import typer

from edge.domain.clock import SystemClock
from edge.trust.keys import read_key
from edge.trust.signing import Signer
from training.manifest.entries import Entry
from training.manifest.log import ManifestLog
from training.manifest.standing import Dataset

DatasetOption = Annotated[Path, typer.Option("--dataset", help="Folder of the dataset.", envvar="EDGE_GATE_DATASET")]
KeyOption = Annotated[
    Path, typer.Option("--key", help="Your private key, mode 0600 ('training key').", envvar="EDGE_GATE_DATA_KEY")
]


def written(folder: Path, key: Path, entry: Entry) -> Dataset:
    """Sign ``entry`` with the key in ``key``, append it to the dataset in ``folder`` and return what stands then.

    Raises:
        TrustError: the key may not be read so, or its owner may not do that.
        StoreError: the dataset cannot be read or written.
    """
    return ManifestLog(folder).append(entry, signer=Signer(read_key(key)), clock=SystemClock())
