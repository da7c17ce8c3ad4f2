"""Visits are dealt once, decided by votes, and counted with what they rest on."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.evaluation.matching import CertifiedMatcher, PointMatcher, Rows
from calibration.evaluation.visits import NEEDED, TEMPLATES, Visitors, visit_record, visit_table, visits_of
from calibration.statistics.score_set import Readings, against_everybody
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint
from tests.support.patch_certificates import DIMENSIONS, a_certificate
from tests.support.people_of_vectors import MODELS, people_of_vectors

pytest.importorskip("scipy")

KEYS = ["templates", "frames", "needed", "tar", "tar_ci95", "visits", "far", "far_ci95", "impostor_visits"]


class Everybody:
    """Takes the first of every two pictures for everybody."""

    def matched(self, readings: Readings, templates: Sequence[Rows], probes: Rows) -> NDArray[np.bool_]:
        return np.repeat((np.arange(len(probes)) % 2 == 0)[:, None], len(templates), axis=1)


def test_pictures_are_dealt_into_whole_visits_of_one_person() -> None:
    owners = np.array([0, 0, 0, 0, 2, 2, 3])
    assert visits_of(owners, 1).ravel().tolist() == list(range(7))
    assert visits_of(owners, 2).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert visits_of(owners, 5).shape == (0, 5)
    assert visits_of(np.zeros(0, np.int64), 3).shape == (0, 3)


def test_votes_decide() -> None:
    readings = people_of_vectors([11, 3])
    cells = {(c.templates, c.frames): c for c in visit_table(Visitors.of(readings, ("p000",)), Everybody())}
    assert set(cells) == {(t, f) for t in TEMPLATES for f in NEEDED}
    assert (cells[1, 1].tar.hits, cells[1, 1].tar.trials) == (3, 6)  # of eleven pictures five are enrolled
    assert (cells[1, 3].tar.hits, cells[1, 3].tar.trials) == (1, 2)  # two of three, then one of three
    assert (cells[1, 5].tar.hits, cells[1, 5].tar.trials) == (1, 1)
    assert (cells[1, 1].far.hits, cells[1, 1].far.trials) == (2, 3)
    assert (cells[1, 5].far.trials, cells[1, 5].far.rate, cells[1, 5].far.interval) == (0, None, None)
    assert list(visit_record(cells[1, 5])) == KEYS


def test_more_templates_and_frames_help_against_noise() -> None:
    readings = people_of_vectors([25] * 12 + [5] * 20, noise=1.0)
    point = MatchPoint(threshold=0.4, weights=dict.fromkeys(MODELS, 0.5), floors=dict.fromkeys(MODELS, 0.1), alone={})
    names = readings.names[:12]
    cells = {(c.templates, c.frames): c for c in visit_table(Visitors.of(readings, names), PointMatcher(point))}
    tar = {key: cell.tar.rate for key, cell in cells.items()}
    assert tar[1, 1] is not None
    assert tar[5, 1] is not None
    assert tar[5, 5] is not None
    assert tar[1, 1] < tar[5, 1] <= tar[5, 5]


def test_a_picture_matches_as_the_gallery_scores() -> None:
    readings = people_of_vectors([3, 2])
    point = MatchPoint(threshold=0.5, weights={MODELS[0]: 1.0}, floors={}, alone={})
    matched = PointMatcher(point).matched(readings, [np.array([0, 1]), np.zeros(0, np.int64)], np.array([2, 3]))
    vectors = readings.vectors(MODELS[0])
    assert matched[:, 0].tolist() == (against_everybody([vectors[:2]], vectors[2:4])[:, 0] >= 0.5).tolist()
    assert not matched[:, 1].any()  # nobody is enrolled there


def test_a_certified_match_needs_every_copy() -> None:
    readings = people_of_vectors([3, 2])
    certificate = a_certificate(model_id=MODELS[0])
    plain = readings.vectors(MODELS[0])[:, :DIMENSIONS]
    copies = np.repeat(plain[:, np.newaxis], 3, axis=1)
    copies[2, 1] *= -1
    matcher = CertifiedMatcher(Everybody(), certificate, copies)
    templates, probes = [np.array([0, 1]), np.zeros(0, np.int64)], np.array([0, 2, 2])
    matched = matcher.matched(readings, templates, probes)
    assert Everybody().matched(readings, templates, probes)[:, 0].tolist() == [True, False, True]
    assert matched[:, 0].tolist() == [True, False, False]  # the third one's copy under one mask resembles nobody
    lost = CertifiedMatcher(Everybody(), certificate, np.full_like(copies, np.nan))
    assert not lost.matched(readings, templates, probes)[:, 0].any()


def test_who_cannot_be_measured_is_told() -> None:
    with pytest.raises(UsageError, match="6 pictures with a face"):
        Visitors.of(people_of_vectors([5, 2]), ("p000",))
    with pytest.raises(UsageError, match="no stranger"):
        Visitors.of(people_of_vectors([6, 7]), ("p000", "p001"))
