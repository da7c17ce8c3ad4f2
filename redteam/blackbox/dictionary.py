"""Dictionary faces: real faces that resemble unusually many people, shown one after the other until one opens.

"Generating Master Faces for Dictionary Attacks with a Network-Assisted Latent Space Evolution" (Shmelkin, Friedlander
and Wolf, FG 2021) makes such faces; choosing them from a collection needs no model of faces and changes no pixel.
The faces are chosen against people of split A and tried on people of split B, none of whom the attacker knows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.capture.picture import read_picture
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import Gallery
from redteam.cast import Victim
from redteam.judge import TRIES, Judge
from redteam.scene import Goal, Scene
from redteam.success import MODEL_OF, Mark, Point, Target, has_succeeded

Scores = Mapping[str, NDArray[np.float64]]
"""float64 (faces, people) by model id."""


@dataclass(frozen=True, slots=True, eq=False)
class DictionaryFace:
    """A picture that an attacker may show.

    Attributes:
        path: the file.
        name: whom it shows; their own entry in a gallery is no success.
        vectors: float32 (d,), unit embedding by model id.
    """

    path: Path
    name: str
    vectors: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Dictionary:
    """The chosen faces, best first.

    Attributes:
        faces: at most as many as there are tries.
        covered: how many people of the gallery they were chosen on at least one of them opens.
        people: how many there were.
    """

    faces: tuple[DictionaryFace, ...]
    covered: int
    people: int


@dataclass(frozen=True, slots=True)
class DictionaryRow:
    """What the dictionary did to people it was not chosen on.

    Attributes:
        mark: what had to be overcome.
        faces: how many faces each victim was shown.
        n: victims.
        successes: victims whom at least one face opens.
    """

    mark: Mark
    faces: int
    n: int
    successes: int


def dictionary_of(
    faces: Sequence[DictionaryFace], gallery: Gallery, mark: Mark, match: MatchPoint, *, tries: int = TRIES
) -> Dictionary:
    """Choose the faces that open most people of a gallery, one after the other, each for those still shut.

    Greedy choice covers at least 1 - 1/e of what the best choice would (Nemhauser, Wolsey and Fisher, 1978). Where
    no face opens anybody more, the one nearest to opening the others comes next.

    Args:
        faces: what there is to choose from.
        gallery: people of split A.
        mark: a target without defenses: those cannot be asked without the gate.
        match: thresholds.
        tries: most faces; more would start a hold.

    Raises:
        UsageError: there is no face to choose, or nobody to choose it for.
    """
    if not faces or not len(gallery):
        raise UsageError("no faces, or nobody enrolled", hint="give a folder of identities with both splits")
    scores = scores_of(faces, gallery)
    others = np.array([[face.name != subject for subject in gallery.subjects] for face in faces])
    opened = _opened(scores, mark, match) & others
    nearness = np.where(others, _margins(scores, mark, match), 0.0).mean(axis=1)
    chosen: list[int] = []
    shut = np.ones(len(gallery), dtype=bool)
    for _ in range(min(tries, len(faces))):
        gains = (opened & shut).sum(axis=1)
        best = max((i for i in range(len(faces)) if i not in chosen), key=lambda i: (gains[i], nearness[i]))
        chosen.append(best)
        shut &= ~opened[best]
    return Dictionary(tuple(faces[i] for i in chosen), int((~shut).sum()), len(gallery))


def scores_of(faces: Sequence[DictionaryFace], gallery: Gallery) -> Scores:
    """Return the score of every face against every person of a gallery, by model id."""
    return {
        model: np.stack(
            [gallery.scores(s, model, np.stack([f.vectors[model] for f in faces])) for s in gallery.subjects], axis=1
        )
        for model in faces[0].vectors
    }


def row_by_scores(dictionary: Dictionary, gallery: Gallery, mark: Mark, match: MatchPoint) -> DictionaryRow:
    """Return how many people of a gallery the faces open by their plain scores, without any defense."""
    opened = _opened(scores_of(dictionary.faces, gallery), mark, match).any(axis=0)
    return DictionaryRow(mark, len(dictionary.faces), len(gallery), int(opened.sum()))


def row_by_gate(dictionary: Dictionary, victims: Iterable[Victim], judge: Judge) -> DictionaryRow:
    """Return how many victims the gate takes one of the pictures for, each shown once.

    Args:
        dictionary: the faces.
        victims: people enrolled in the judge's gallery.
        judge: the gate.

    Raises:
        PictureError: a picture cannot be read.
        EdgeError: an engine failed.
    """
    mark, everybody = Mark(Target.GATE), list(victims)
    opened = [
        any(_does_open(face, victim, mark, judge) for face in dictionary.faces if face.name != victim.subject)
        for victim in everybody
    ]
    return DictionaryRow(mark, len(dictionary.faces), len(everybody), sum(opened))


def _does_open(shown: DictionaryFace, victim: Victim, mark: Mark, judge: Judge) -> bool:
    pixels = read_picture(shown.path)
    face = judge.find(pixels)
    if face is None:
        return False
    scene = Scene(
        scene_id=f"{shown.path.stem}.{victim.subject}",
        goal=Goal.IMPERSONATION,
        pixels=pixels,
        face=face,
        victim=victim.subject,
        wanted=victim.wanted,
        templates=victim.templates,
        victim_picture=pixels,
    )
    return has_succeeded(judge.look_at(pixels, scene), mark, scene.goal, judge.profile.match)


def _opened(scores: Scores, mark: Mark, match: MatchPoint) -> NDArray[np.bool_]:
    opened: NDArray[np.bool_] = _margins(scores, mark, match) >= 0.0
    return opened


def _margins(scores: Scores, mark: Mark, match: MatchPoint) -> NDArray[np.float64]:
    """Return by how much each face clears what the mark asks of each person; negative = it does not."""
    if mark.target is Target.GATE:
        raise ValueError("the gate is asked with pictures, not with scores")
    if mark.target is Target.BOTH:
        fused = np.sum([weight * scores[m] for m, weight in match.weights.items()], axis=0)
        floors = [scores[m] - floor for m, floor in match.floors.items()]
        lowest: NDArray[np.float64] = np.min([fused - match.threshold, *floors], axis=0)
        return lowest
    model = MODEL_OF[mark.target]
    return scores[model] - (match.floors if mark.point is Point.LOOSE else match.alone)[model]
