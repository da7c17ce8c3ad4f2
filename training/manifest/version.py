"""What a version of a dataset is: the trusted pictures of one moment, under a digest of all of them."""

from collections.abc import Mapping

from edge.domain.errors import UsageError
from edge.trust.canonical import canonical_json, tagged_sha256
from training.manifest.entries import PictureFacts, Sealed
from training.manifest.standing import Dataset, Status, Version

_TAG = "egate-dataset-version-v1"


def trusted_pictures(dataset: Dataset) -> dict[str, PictureFacts]:
    """Return the facts of every picture that is trusted now, by sha256, in order of sha256."""
    trusted = {picture.facts.sha256: picture.facts for picture in dataset.standing(Status.TRUSTED)}
    return dict(sorted(trusted.items()))


def version_id(pictures: Mapping[str, PictureFacts]) -> str:
    """Return the digest of pictures and of whom each is said to show, 64 hexadecimal digits.

    Args:
        pictures: by sha256, in order of sha256.
    """
    content = {sha256: facts.subject for sha256, facts in pictures.items()}
    return tagged_sha256(_TAG, canonical_json(content)).hex()


def seal_of(dataset: Dataset) -> Sealed:
    """Return the entry that seals what is trusted now.

    Raises:
        UsageError: nothing is.
    """
    pictures = trusted_pictures(dataset)
    if not pictures:
        raise UsageError(
            "no picture is trusted yet", hint="vet pictures, then let two reviewers approve them: 'training review'"
        )
    return Sealed(version=version_id(pictures), pictures=len(pictures))


def find_version(dataset: Dataset, beginning: str) -> Version:
    """Return the one version whose id begins so.

    Raises:
        UsageError: none does, or several do.
    """
    found = [version for name, version in dataset.versions.items() if name.startswith(beginning)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} versions begin with {beginning!r}",
            hint="'training versions' names all; give more of it",
        )
    return found[0]
