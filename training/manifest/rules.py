"""What an entry may do to a dataset, and what comes of it: the same when it is written and when it is read.

Whoever edits the file therefore gains nothing that the command would have refused them: a log in which a reviewer
approves their own picture does not verify, whoever signed it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from edge.domain.errors import TrustError
from training.manifest.entries import (
    ACTION_OF,
    Appointed,
    Body,
    Contributed,
    Founded,
    Recalled,
    Relabeled,
    Removed,
    Reviewed,
    Sealed,
    Used,
    Vetted,
)
from training.manifest.standing import Dataset, Standing, Status, Version
from training.manifest.version import trusted_pictures, version_id
from training.roles.role import Role
from training.roles.roster import Roster


def applied(dataset: Dataset, body: Body, head: str) -> Dataset:
    """Return ``dataset`` after an entry whose chain and signature were checked.

    Args:
        dataset: before it.
        body: the entry.
        head: hash of its line.

    Raises:
        TrustError: the author may not do that, or it contradicts what stands.
        UsageError: an appointment that the roster refuses.
    """
    entry = body.entry
    if isinstance(entry, Founded):
        after = _founded(dataset, entry, body)
    else:
        if not dataset.name:
            raise TrustError("the log does not begin with a founding entry", hint="found it: 'training init'")
        dataset.roster.require(body.author, ACTION_OF[type(entry)])
        after = _APPLY[type(entry)](dataset, entry, body)
    return replace(after, sequence=body.sequence, head=head)


def _founded(dataset: Dataset, entry: Founded, body: Body) -> Dataset:
    if dataset.name or body.sequence != 0:
        raise TrustError("the log is founded twice", hint="restore it from a copy that verifies")
    if body.author != entry.administrator:
        raise TrustError(
            "somebody else founded the log than its administrator", hint="found it anew: 'training init'"
        )
    roster = Roster().appointed(entry.administrator, bytes.fromhex(entry.public_key), [Role.ADMINISTRATOR])
    return replace(dataset, name=entry.dataset, founder=bytes.fromhex(entry.public_key), roster=roster)


def _appointed(dataset: Dataset, entry: Appointed, _: Body) -> Dataset:
    roster = dataset.roster.appointed(entry.name, bytes.fromhex(entry.public_key), entry.roles)
    return replace(dataset, roster=roster)


def _contributed(dataset: Dataset, entry: Contributed, body: Body) -> Dataset:
    pictures = dict(dataset.pictures)
    for facts in entry.pictures:
        if facts.sha256 in pictures:
            raise TrustError(
                f"the picture {facts.sha256[:16]} is here already, from {pictures[facts.sha256].contributor}",
                hint="leave it out: one picture keeps one origin",
            )
        pictures[facts.sha256] = Standing(
            facts, body.author, entry.source, entry.license, entry.consent, entered=body.time
        )
    return replace(dataset, pictures=pictures)


def _relabeled(dataset: Dataset, entry: Relabeled, _: Body) -> Dataset:
    standing = _known(dataset, entry.sha256)
    facts = standing.facts.model_copy(update={"subject": entry.subject})
    nothing: frozenset[str] = frozenset()
    anew = replace(standing, facts=facts, is_vetted=False, findings=(), approvals=nothing, rejections=nothing)
    return _with(dataset, {entry.sha256: anew})


def _removed(dataset: Dataset, entry: Removed, _: Body) -> Dataset:
    return _with(dataset, {sha: replace(_known(dataset, sha), removed=entry.reason) for sha in entry.pictures})


def _vetted(dataset: Dataset, entry: Vetted, _: Body) -> Dataset:
    found: dict[str, list[Any]] = {sha: [] for sha in entry.pictures}
    for finding in entry.findings:
        if finding.sha256 not in found:
            raise TrustError(
                f"a finding names {finding.sha256[:16]}, which that run did not look at",
                hint="run 'training vet' again",
            )
        found[finding.sha256].append(finding)
    changed = {}
    for sha, findings in found.items():
        before = _known(dataset, sha)
        # What reviewers said before they saw a new finding does not answer it.
        keeps = frozenset(findings) <= frozenset(before.findings)
        approvals = before.approvals if keeps else frozenset()
        changed[sha] = replace(before, is_vetted=True, findings=tuple(findings), approvals=approvals)
    return _with(dataset, changed)


def _reviewed(dataset: Dataset, entry: Reviewed, body: Body) -> Dataset:
    changed: dict[str, Standing] = {}
    for decision in entry.decisions:
        standing = changed.get(decision.sha256) or _known(dataset, decision.sha256)
        if standing.contributor == body.author:
            raise TrustError(
                f"{body.author} brought the picture {decision.sha256[:16]} and cannot review it",
                hint="let two other reviewers look at it",
            )
        if not standing.is_vetted:
            raise TrustError(
                f"the picture {decision.sha256[:16]} was not vetted as it is labeled now",
                hint="run 'training vet' first: reviewers are to see what the screens found",
            )
        me = {body.author}
        approvals = standing.approvals | me if decision.approves else standing.approvals - me
        rejections = standing.rejections - me if decision.approves else standing.rejections | me
        changed[decision.sha256] = replace(standing, approvals=approvals, rejections=rejections)
    return _with(dataset, changed)


def _sealed(dataset: Dataset, entry: Sealed, body: Body) -> Dataset:
    pictures = trusted_pictures(dataset)
    if (entry.version, entry.pictures) != (version_id(pictures), len(pictures)):
        raise TrustError(
            f"version {entry.version[:16]} is not what is trusted here", hint="seal it again: 'training seal'"
        )
    if entry.version in dataset.versions:
        raise TrustError(
            f"version {entry.version[:16]} is sealed already: nothing changed since", hint="use it as it is"
        )
    version = Version(entry.version, body.sequence, body.time, body.author, pictures)
    return replace(dataset, versions={**dataset.versions, version.id: version})


def _recalled(dataset: Dataset, entry: Recalled, _: Body) -> Dataset:
    chosen = {sha for sha, standing in dataset.pictures.items() if matches(entry, standing)}
    if not chosen:
        raise TrustError("nothing matches what is recalled", hint="'training status' lists sources and contributors")
    return _with(dataset, {sha: replace(dataset.pictures[sha], recalled=entry.reason) for sha in chosen})


def _used(dataset: Dataset, entry: Used, _: Body) -> Dataset:
    if entry.version is not None and entry.version not in dataset.versions:
        raise TrustError(
            f"version {entry.version[:16]} was not sealed here", hint="'training versions' names those that were"
        )
    for sha in entry.pictures:
        _known(dataset, sha)
    return replace(dataset, uses=(*dataset.uses, entry))


def matches(recall: Recalled, standing: Standing) -> bool:
    """Return whether a recall means that picture."""
    return (
        recall.source == standing.source
        or recall.contributor == standing.contributor
        or standing.facts.sha256 in recall.pictures
    )


_APPLY: Mapping[type, Callable[[Dataset, Any, Body], Dataset]] = {
    Appointed: _appointed,
    Contributed: _contributed,
    Relabeled: _relabeled,
    Removed: _removed,
    Vetted: _vetted,
    Reviewed: _reviewed,
    Sealed: _sealed,
    Recalled: _recalled,
    Used: _used,
}


def _known(dataset: Dataset, sha256: str) -> Standing:
    standing = dataset.pictures.get(sha256)
    if standing is None:
        raise TrustError(f"the picture {sha256[:16]} is not in this dataset", hint="'training status' lists what is")
    if standing.status is Status.REMOVED:
        raise TrustError(
            f"the picture {sha256[:16]} was removed: {standing.removed}", hint="contribute another picture"
        )
    return standing


def _with(dataset: Dataset, changed: Mapping[str, Standing]) -> Dataset:
    return replace(dataset, pictures={**dataset.pictures, **changed})
