"""The suites: which rows each campaign runs. Sizes are for CPUs; a bar of 2 % or less needs 150 scenes."""

from collections.abc import Sequence

from edge.domain.errors import UsageError
from redteam.campaign.plan import SOUGHT, Alignment, Attacker, Knowledge, Row
from redteam.patches.shapes import PatchShape
from redteam.scene import Goal
from redteam.success import Target

_EPS = (2.0, 4.0, 8.0)
_LARGEST_EPS = 16.0


def suite_named(name: str) -> tuple[Row, ...]:
    """Return the rows of a suite, each once, with the most scenes that anything in the suite wants of it.

    Raises:
        UsageError: there is no such suite.
    """
    if name not in SUITES:
        raise UsageError(f"no suite is called {name!r}", hint=f"suites: {', '.join(SUITES)}")
    rows: dict[str, Row] = {}
    for row in SUITES[name]:
        known = rows.get(row.row_id)
        rows[row.row_id] = row if known is None or row.scenes > known.scenes else known
    return tuple(rows.values())


def _oblivious(scenes: int, slow_scenes: int) -> list[Row]:
    white = [
        Row(attacker=Attacker.OBLIVIOUS, attack="pgd-20", eps=e, scenes=scenes, knows=Knowledge.TEMPLATES)
        for e in _EPS
    ]
    gray = [Row(attacker=Attacker.OBLIVIOUS, attack="pgd-20", eps=e, scenes=scenes) for e in _EPS]
    others = [
        Row(attacker=Attacker.OBLIVIOUS, attack=attack, eps=e, scenes=count)
        for attack, e, count in (
            ("fgsm", 8.0, scenes),
            ("mi-fgsm-20", 4.0, scenes),
            ("mi-fgsm-20", 8.0, scenes),
            ("apgd-40", 4.0, slow_scenes),
            ("cw-margin-40", 8.0, slow_scenes),
        )
    ]
    return white + gray + others


def _joint(scenes: int) -> list[Row]:
    """With twenty steps; at the largest eps as hard as we can as well, which the first honesty check wants."""
    quick = [Row(attacker=Attacker.JOINT, attack="pgd-20", eps=e, scenes=scenes) for e in _EPS]
    hard = [Row(attacker=Attacker.JOINT, attack=a, eps=_EPS[-1], scenes=scenes) for a in ("pgd-40", "pgd-100")]
    return [*quick, *hard]


def _adaptive(scenes: int, known_scenes: int, attack: str = "pgd-40") -> list[Row]:
    fresh = [Row(attacker=Attacker.ADAPTIVE, attack=attack, eps=e, scenes=scenes, draws=2) for e in _EPS]
    return [*fresh, Row(attacker=Attacker.SEED_KNOWN, attack=attack, eps=4.0, scenes=known_scenes)]


def _honesty(scenes: int, slow_scenes: int) -> list[Row]:
    """What a table must show before it may be believed: more budget, steps and draws must not help less."""
    # From the clean frames, and the best of three: changes of this size can hide the face before they fool anybody.
    sure = "bim-40+bim-20+bim-10"
    budget = Row(attacker=Attacker.OBLIVIOUS, attack=sure, eps=64.0, scenes=scenes)
    joint = Row(attacker=Attacker.JOINT, attack=sure, eps=64.0, scenes=scenes)
    steps = [Row(attacker=Attacker.JOINT, attack=f"pgd-{n}", eps=4.0, scenes=scenes) for n in (5, 10, 40)]
    draws = [Row(attacker=Attacker.ADAPTIVE, attack="pgd-40", eps=4.0, scenes=slow_scenes, draws=n) for n in (1, 4)]
    return [budget, joint, *steps, *draws]


def _minimal_at_the_gate(scenes: int) -> Row:
    return Row(
        attacker=Attacker.ADAPTIVE,
        attack="pgd-40",
        eps=_LARGEST_EPS,
        scenes=scenes,
        draws=2,
        minimal_for=Target.GATE,
    )


def _minimal(scenes: int, adaptive_scenes: int) -> list[Row]:
    bare = [
        Row(
            attacker=Attacker.OBLIVIOUS,
            attack="bim-20",
            eps=_LARGEST_EPS,
            scenes=scenes,
            knows=k,
            source=t,
            minimal_for=t,
        )
        for t in (Target.FACENET, Target.SFACE)
        for k in Knowledge
    ]
    both = [
        Row(attacker=Attacker.JOINT, attack="bim-20", eps=_LARGEST_EPS, scenes=scenes, minimal_for=t)
        for t in (Target.BOTH, Target.GATE)
    ]
    return [*bare, *both, _minimal_at_the_gate(adaptive_scenes)]


def _patches(scenes: int, other_scenes: int) -> list[Row]:
    """What moves the crop, which is quick; glasses at full strength in every way; others with half the steps."""
    glasses = PatchShape.GLASSES.value
    shapes = [*(shape.value for shape in PatchShape if shape.value != glasses), SOUGHT]
    moving = (PatchShape.GLASSES, PatchShape.FOREHEAD, PatchShape.LOWER_FACE)
    return [
        *(
            Row(attacker=Attacker.DISPLACEMENT, attack="patch-200", patch=s.value, scenes=other_scenes)
            for s in moving
        ),
        Row(attacker=Attacker.JOINT, attack="patch-200", patch=glasses, scenes=scenes),
        Row(attacker=Attacker.JOINT, attack="patch-200", patch=glasses, scenes=scenes, alignment=Alignment.FROZEN),
        Row(attacker=Attacker.ADAPTIVE, attack="patch-100", patch=glasses, scenes=other_scenes, draws=2),
        *_printed_glasses(other_scenes),
        *(Row(attacker=Attacker.JOINT, attack="patch-100", patch=shape, scenes=other_scenes) for shape in shapes),
    ]


def _printed_glasses(scenes: int) -> list[Row]:
    """By an attacker who has the gate's detector, and by one who has it not and guesses."""
    return [
        Row(attacker=Attacker.JOINT, attack="patch-200", patch="glasses", is_printed=True, scenes=scenes, alignment=a)
        for a in (Alignment.DETECTED, Alignment.JITTERED)
    ]


def _within_limits(scenes: int) -> Row:
    """What may be asked within a day of lock-outs: 30 questions, answered with scores even."""
    return Row(attacker=Attacker.BLACKBOX, attack="square-30", eps=16.0, scenes=scenes, source=Target.SFACE)


def _blackbox(scenes: int, unlimited_scenes: int) -> list[Row]:
    """Within the limits, and without them."""
    without = [
        Row(attacker=Attacker.BLACKBOX, attack="square-500", eps=8.0, scenes=unlimited_scenes, source=t)
        for t in (Target.FACENET, Target.SFACE)
    ]
    walk = Row(attacker=Attacker.BLACKBOX, attack="hop-skip-jump-100", eps=16.0, scenes=unlimited_scenes)
    return [_within_limits(scenes), *without, walk]


def _dodging(scenes: int) -> list[Row]:
    attackers = ((Attacker.OBLIVIOUS, "pgd-20"), (Attacker.JOINT, "pgd-20"), (Attacker.NOISE, "noise"))
    return [
        Row(attacker=a, attack=name, eps=e, scenes=scenes, goal=Goal.DODGING)
        for a, name in attackers
        for e in (2.0, 4.0)
    ]


def _noise(scenes: int) -> list[Row]:
    return [Row(attacker=Attacker.NOISE, attack="noise", eps=e, scenes=scenes) for e in (8.0, 16.0)]


def _transfer(scenes: int) -> list[Row]:
    return [Row(attacker=Attacker.TRANSFER, attack="ti-mi-fgsm-20", eps=e, scenes=scenes) for e in (4.0, 8.0, 16.0)]


def _gate(scenes: int, patch_scenes: int, outside_scenes: int) -> list[Row]:
    """Attackers who do not look at the defenses: their pictures can be judged again when the gate has changed."""
    worn = (PatchShape.GLASSES, PatchShape.FOREHEAD, PatchShape.LOWER_FACE)
    outside = (PatchShape.CHEEKS_AND_FOREHEAD, PatchShape.RECTANGLE)
    return [
        *_noise(scenes),
        *(Row(attacker=Attacker.OBLIVIOUS, attack="pgd-20", eps=e, scenes=scenes) for e in (*_EPS, 16.0)),
        *(Row(attacker=Attacker.JOINT, attack="pgd-20", eps=e, scenes=scenes) for e in _EPS[1:]),
        *(Row(attacker=Attacker.JOINT, attack=a, eps=_EPS[-1], scenes=scenes) for a in ("pgd-40", "pgd-100")),
        *(Row(attacker=Attacker.JOINT, attack="patch-100", patch=s.value, scenes=patch_scenes) for s in worn),
        *(Row(attacker=Attacker.JOINT, attack="patch-100", patch=s.value, scenes=outside_scenes) for s in outside),
    ]


def _gate_adaptive(scenes: int, patch_scenes: int, minimal_scenes: int) -> list[Row]:
    """Attackers who climb every check of the gate as it is."""
    worn = (PatchShape.GLASSES, PatchShape.FOREHEAD, PatchShape.LOWER_FACE)
    noise = [Row(attacker=Attacker.ADAPTIVE, attack="pgd-40", eps=e, scenes=scenes, draws=2) for e in _EPS]
    return [
        *noise,
        *(
            Row(attacker=Attacker.ADAPTIVE, attack="patch-100", patch=s.value, scenes=patch_scenes, draws=2)
            for s in worn
        ),
        _minimal_at_the_gate(minimal_scenes),
    ]


SUITES: dict[str, Sequence[Row]] = {
    "smoke": (
        Row(attacker=Attacker.NOISE, attack="noise", eps=8.0, scenes=10),
        Row(attacker=Attacker.OBLIVIOUS, attack="pgd-20", eps=8.0, scenes=10),
        Row(attacker=Attacker.JOINT, attack="pgd-40", eps=8.0, scenes=10),
    ),
    "nightly": (
        *_noise(150),
        *_oblivious(60, 20),
        *_joint(60),
        *_transfer(30),
        *_adaptive(20, 12),
        *_honesty(12, 6),
        *_minimal(8, 5),
        *_dodging(12),
    ),
    "full": (
        *_noise(300),
        *_oblivious(300, 100),
        *_joint(300),
        *_transfer(300),
        *_adaptive(100, 100, "apgd-100 x 3"),
        *_honesty(50, 50),
        *_minimal(100, 50),
        *_dodging(100),
        *_patches(100, 50),
        *_blackbox(300, 50),
    ),
    "gate": tuple(_gate(150, 60, 20)),
    "gate-adaptive": tuple(_gate_adaptive(20, 20, 8)),
    "gate-asked": (_within_limits(150),),
    "patch": tuple(_patches(12, 8)),
    "blackbox": tuple(_blackbox(150, 4)),
}
