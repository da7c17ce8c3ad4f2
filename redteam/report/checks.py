"""The honesty checks that gate a table, after Carlini et al. (arXiv 1902.06705) and AutoAttack's flags.

An attack that is weaker than it must be makes a defense look strong. Each check asks for something that attacks in
working order show on the same scenes; one that fails voids rows, one without data is not passed but not measured.
"""

from collections.abc import Mapping

from redteam.report.controls import budgets_kept, clean_is_right, joint_reaches, noise_fails, unbounded_wins
from redteam.report.honesty import HonestyCheck
from redteam.report.orders import (
    draws_saturate,
    known_seed_helps,
    rises_with_eps,
    rises_with_steps,
    stronger_attackers_win,
)
from redteam.report.outcomes import Outcomes
from redteam.success import Mark


def honesty_checks(outcomes: Outcomes, fars: Mapping[Mark, float]) -> tuple[HonestyCheck, ...]:
    """Return every check of a campaign.

    Args:
        outcomes: of the campaign.
        fars: how often each bare model accepts strangers, by model and operating point.

    Raises:
        ConfigError: scipy is not installed.
    """
    return (
        joint_reaches(outcomes),
        rises_with_eps(outcomes),
        rises_with_steps(outcomes),
        unbounded_wins(outcomes),
        stronger_attackers_win(outcomes),
        known_seed_helps(outcomes),
        draws_saturate(outcomes),
        noise_fails(outcomes, fars),
        budgets_kept(outcomes),
        clean_is_right(),
    )
