"""Which scenes a campaign plays: only those that every target decides rightly while the picture is clean."""

from collections.abc import Iterator
from pathlib import Path

from edge.capture.picture import read_picture
from edge.domain.errors import PictureError, UsageError
from edge.domain.profile import MatchPoint
from engines.progress import Progress
from redteam.cast import Cast, Victim
from redteam.judge import Judge
from redteam.scene import Goal, Scene
from redteam.success import clean_marks


def impersonations(cast: Cast, judge: Judge, count: int, progress: Progress) -> tuple[Scene, ...]:
    """Return ``count`` strangers, each before the camera to be taken for a victim; victims take turns.

    A victim counts only if what the attacker has of them would itself be accepted by every bare model: else the
    attacker aims at nobody. A stranger counts only if no target takes the clean picture for the victim.

    Raises:
        UsageError: there are not so many.
    """
    match = judge.profile.match
    victims = [v for v in cast.victims if _is_worth_aiming_at(v, cast, match)]
    if not victims:
        raise UsageError("no victim's pictures resemble the victim's templates", hint="give more subjects")
    return _taken(_strangers(cast, victims, judge), count, "choosing strangers", progress)


def dodgings(cast: Cast, judge: Judge, count: int, progress: Progress) -> tuple[Scene, ...]:
    """Return ``count`` visits of enrolled people, who want to be refused; every target accepts the clean picture.

    Raises:
        UsageError: there are not so many.
    """
    return _taken(_visits(cast, judge), count, "choosing visits", progress)


def _taken(scenes: Iterator[Scene], count: int, label: str, progress: Progress) -> tuple[Scene, ...]:
    found: list[Scene] = []
    progress.start(label, count)
    try:
        while len(found) < count:
            found.append(next(scenes))
            progress.advance(len(found))
    except StopIteration:
        raise UsageError(
            f"{count} scenes are wanted and the pictures give {len(found)}",
            hint="use a smaller suite, or more people",
        ) from None
    finally:
        progress.finish()
    return tuple(found)


def _strangers(cast: Cast, victims: list[Victim], judge: Judge) -> Iterator[Scene]:
    turn = 0
    for picture in cast.strangers:
        victim = victims[turn % len(victims)]
        scene = _scene(picture, victim, Goal.IMPERSONATION, judge)
        if scene is not None:
            turn += 1
            yield scene


def _visits(cast: Cast, judge: Judge) -> Iterator[Scene]:
    longest = max(len(victim.visits) for victim in cast.victims)
    for index in range(longest):
        for victim in cast.victims:
            if index < len(victim.visits):
                scene = _scene(victim.visits[index], victim, Goal.DODGING, judge)
                if scene is not None:
                    yield scene


def _scene(picture: Path, victim: Victim, goal: Goal, judge: Judge) -> Scene | None:
    try:
        pixels = read_picture(picture)
    except PictureError:
        return None
    face = judge.find(pixels)
    if face is None:
        return None
    scene = Scene(
        scene_id=f"{picture.stem}.{victim.subject}",
        goal=goal,
        pixels=pixels,
        face=face,
        victim=victim.subject,
        wanted=victim.wanted,
        templates=victim.templates,
        wanted_occluded=victim.wanted_occluded,
        templates_occluded=victim.templates_occluded,
        victim_picture=read_picture(victim.picture),
    )
    clean = judge.look_at(pixels, scene)
    is_right = next(clean_marks(clean, goal, judge.profile.match), None) is None
    return scene if is_right and clean.reason in {"unknown_person", "match"} else None


def _is_worth_aiming_at(victim: Victim, cast: Cast, match: MatchPoint) -> bool:
    return all(
        cast.gallery.scores(victim.subject, m, wanted[None])[0] >= match.alone[m]
        for m, wanted in victim.wanted.items()
    )
