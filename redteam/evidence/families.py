"""The attacks whose evidence a head may learn from: families, each a row of the campaign's arsenal."""

from collections.abc import Mapping

from redteam.campaign.plan import Attacker, Knowledge, Row
from redteam.patches.shapes import PatchShape

_STOLEN = Knowledge.TEMPLATES
"""Of attackers on one model: with less, hardly any of their pictures would be a grant, and the head is asked of no
other."""


def families(scenes: int) -> Mapping[str, tuple[Row, ...]]:
    """Return the rows of every family, by its name. What is left out for the test is a whole family.

    Args:
        scenes: how many, of each row.
    """
    glasses = PatchShape.GLASSES.value
    one_model = ("pgd-20", "mi-fgsm-20", "apgd-20")
    every = (2.0, 4.0, 8.0, 16.0)
    joint, adaptive, oblivious = Attacker.JOINT, Attacker.ADAPTIVE, Attacker.OBLIVIOUS
    return {
        "noise": tuple(Row(attacker=Attacker.NOISE, attack="noise", eps=e, scenes=scenes) for e in (8.0, 16.0)),
        "joint": tuple(Row(attacker=joint, attack="pgd-20", eps=e, scenes=scenes) for e in (2.0, 4.0, 8.0)),
        "transfer": tuple(
            Row(attacker=Attacker.TRANSFER, attack="ti-mi-fgsm-20", eps=e, scenes=scenes, knows=_STOLEN)
            for e in (4.0, 8.0, 16.0)
        ),
        "patch": (Row(attacker=joint, attack="patch-40", patch=glasses, scenes=scenes),),
        "printed": (Row(attacker=joint, attack="patch-40", patch=glasses, is_printed=True, scenes=scenes),),
        "adaptive": (Row(attacker=adaptive, attack="pgd-20", eps=4.0, scenes=scenes, draws=2),),
        **{
            f"oblivious {attack}": tuple(
                Row(attacker=oblivious, attack=attack, eps=e, scenes=scenes, knows=_STOLEN) for e in every
            )
            for attack in one_model
        },
    }
