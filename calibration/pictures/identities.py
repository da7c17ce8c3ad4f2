"""A folder of identities, ``NAME/NAME_0001.jpg``, and its split; pictures known to be labeled wrongly stay out."""

from pathlib import Path

from calibration.pictures.pairs import in_split_a, picture_path
from edge.domain.errors import UsageError

# From the errata that the authors of Labeled Faces in the Wild publish with the set: the second picture shows
# somebody else.
_WRONG = frozenset(
    {
        ("Janica_Kostelic", 2),
        ("Nora_Bendijo", 2),
        ("Martha_Bowen", 2),
        ("Jim_OBrien", 2),
        ("Jim_OBrien", 3),
        ("Elisabeth_Schumacher", 2),
        ("Recep_Tayyip_Erdogan", 4),
        ("Mahmoud_Abbas", 12),
        ("Michael_Schumacher", 8),
    }
)


def pictures_of(images: Path) -> dict[str, tuple[Path, ...]]:
    """Return the pictures of every identity, by name, in order of number; wrongly labeled ones left out.

    Raises:
        UsageError: the folder is not there.
    """
    if not images.is_dir():
        raise UsageError(f"{images} is not a folder", hint="give a folder with one subfolder a person")
    wrong = {picture_path(images, name, number) for name, number in _WRONG}
    people = {
        folder.name: tuple(p for p in sorted(folder.glob("*.jpg")) if p not in wrong)
        for folder in sorted(images.iterdir())
        if folder.is_dir()
    }
    return {name: pictures for name, pictures in people.items() if pictures}


def split_a(images: Path) -> dict[str, tuple[Path, ...]]:
    """Return the pictures of every identity of split A, as :func:`pictures_of` does.

    Raises:
        UsageError: the folder is not there or holds no identity of split A.
    """
    found = {name: pictures for name, pictures in pictures_of(images).items() if in_split_a(name)}
    if not found:
        raise UsageError(f"{images} holds no identity of split A", hint="give a folder with one subfolder a person")
    return found


def split_b(images: Path) -> dict[str, tuple[Path, ...]]:
    """Return the pictures of every identity of split B, as :func:`pictures_of` does.

    Raises:
        UsageError: the folder is not there or holds no identity of split B.
    """
    found = {name: pictures for name, pictures in pictures_of(images).items() if not in_split_a(name)}
    if not found:
        raise UsageError(f"{images} holds no identity of split B", hint="give a folder with one subfolder a person")
    return found
