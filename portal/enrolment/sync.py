"""Bring projects and their people in step with a list, in one transaction.

What a list gave it may take away: each membership that it gave is an `Enrolment`.
Those given by hand are nobody's but the administrators'.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.people import people_with_emails, person_with_email
from portal.audit.models import Entry
from portal.audit.trail import record
from portal.catalogue.models import Project
from portal.catalogue.projects import project_numbered
from portal.enrolment.models import Enrolment, SyncReport
from portal.enrolment.roster import Membership, Problem, Roster

# How many memberships may go at once, whatever part of all they are.
A_FEW = 5
# How many bad rows the report keeps; the rest is counted.
NAMED = 20
InGroup = User.groups.through


@dataclass
class Changes:
    """What a sync made, renamed, added and removed."""

    projects: list[str] = field(default_factory=list)
    # Number and new title.
    titles: list[tuple[str, str]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    # Address and new name.
    names: list[tuple[str, str]] = field(default_factory=list)
    added: list[Membership] = field(default_factory=list)
    removed: list[Membership] = field(default_factory=list)
    # Not on the list any more, and left in place since the list has bad rows.
    spared: list[Membership] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What was changed, or would be; `refusal` says why nothing was, if so."""

    changes: Changes
    memberships: int
    problems: tuple[Problem, ...]
    refusal: str = ""

    @property
    def is_in_step(self) -> bool:
        """Whether everything is now as the list says."""
        return not self.refusal and not self.problems


def bring_in_step(
    roster: Roster,
    *,
    source: str,
    by: str,
    force: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Make projects, people and memberships that a list names; remove what it dropped.

    Bad rows may name anybody, so with some of them nobody is removed; and a list that
    shrank by more than half is refused whole. `force` goes past both. A dry run does
    everything and takes it back. `by` is who did it, for the trail.
    """
    with transaction.atomic():
        report = _report_alone()
        before = Enrolment.objects.count()
        changes = _take_up(roster, by=by, removing=force or not roster.problems)
        refusal = "" if force else _refusal(changes, roster, before)
        outcome = Outcome(changes, len(roster.memberships), roster.problems, refusal)
        if dry_run or refusal:
            transaction.set_rollback(True)
        else:
            _note(report, outcome, source)
    return outcome


def note_failure(reason: str, *, source: str) -> None:
    """Keep why a list was not taken up, for status and health page."""
    now = timezone.now()
    SyncReport.objects.update_or_create(
        pk=1, defaults={"source": source[:500], "time": now, "error": reason}
    )


def latest() -> SyncReport:
    """Return how the last list was taken up; an empty report where there was none."""
    return SyncReport.objects.filter(pk=1).first() or SyncReport()


def _report_alone() -> SyncReport:
    """Return the report, locked: a second sync waits here until the first is done."""
    return SyncReport.objects.select_for_update().get_or_create(pk=1)[0]


def _take_up(roster: Roster, *, by: str, removing: bool) -> Changes:
    changes = Changes()
    projects = _projects(roster, changes)
    people = _people(roster, changes)
    known = {
        Membership(one.project.number, one.person.email.lower()): one
        for one in Enrolment.objects.select_related("project__group", "person")
    }
    _add(sorted(roster.memberships), projects, people, changes, by=by)
    gone = {one: known[one] for one in sorted(known.keys() - roster.memberships)}
    if removing:
        _remove(gone, changes, by=by)
    else:
        changes.spared.extend(gone)
    return changes


def _projects(roster: Roster, changes: Changes) -> dict[str, Project]:
    """Return the list's projects by number, made where they are not there."""
    numbers = sorted({one.project for one in roster.memberships})
    found = Project.objects.select_related("group").filter(number__in=numbers)
    projects = {one.number: one for one in found}
    for number in numbers:
        if number not in projects:
            projects[number] = project_numbered(number)
            changes.projects.append(number)
        title = roster.titles.get(number, "")
        project = projects[number]
        if title and project.title != title:
            project.title = title
            project.save(update_fields=["title"])
            changes.titles.append((number, title))
    return projects


def _people(roster: Roster, changes: Changes) -> dict[str, User]:
    """Return the list's people by address, made where they are not there."""
    addresses = sorted({one.email for one in roster.memberships})
    people = {one.email.lower(): one for one in people_with_emails(addresses)}
    for address in addresses:
        if address not in people:
            people[address] = person_with_email(address)
            changes.people.append(address)
        name = roster.names.get(address, "")
        person = people[address]
        # Somebody with an account says themselves what they are called.
        if name and (person.provisioned or not person.get_full_name()):
            _name(person, name, changes)
    return people


def _name(person: User, name: str, changes: Changes) -> None:
    first, _, last = name.rpartition(" ")
    first, last = first[:150], last[:150]
    if (person.first_name, person.last_name) != (first, last):
        person.first_name, person.last_name = first, last
        person.save(update_fields=["first_name", "last_name"])
        changes.names.append((person.email, name))


def _add(
    wanted: Iterable[Membership],
    projects: dict[str, Project],
    people: dict[str, User],
    changes: Changes,
    *,
    by: str,
) -> None:
    """Put people into their projects' groups; who is there already stays so."""
    pairs = [(one, projects[one.project], people[one.email]) for one in wanted]
    there = _members([project.group for project in projects.values()])
    new = [
        (one, project, person)
        for one, project, person in pairs
        if (project.group_id, person.pk) not in there
    ]
    InGroup.objects.bulk_create(
        (
            InGroup(group_id=project.group_id, user_id=person.pk)
            for _, project, person in new
        ),
        ignore_conflicts=True,
    )
    Enrolment.objects.bulk_create(
        (Enrolment(project=project, person=person) for _, project, person in new),
        ignore_conflicts=True,
    )
    for one, project, person in new:
        record(Entry.Action.ENROL, username=by, subject=person, detail=str(project))
        changes.added.append(one)


def _members(groups: Iterable[Group]) -> set[tuple[int, int]]:
    """Return who is in these groups, as pairs of a group's and a person's key."""
    rows = InGroup.objects.filter(group__in=list(groups))
    return set(rows.values_list("group_id", "user_id"))


def _remove(gone: dict[Membership, Enrolment], changes: Changes, *, by: str) -> None:
    """Take people out of the groups of the projects into which a list had put them."""
    for one, row in gone.items():
        group, person = row.project.group_id, row.person
        InGroup.objects.filter(group=group, user=person).delete()
        row.delete()
        project = str(row.project)
        record(Entry.Action.WITHDRAW, username=by, subject=person, detail=project)
        changes.removed.append(one)


def _refusal(changes: Changes, roster: Roster, before: int) -> str:
    """Return why so many cannot be right to go; empty where that is no question."""
    going = len(changes.removed)
    if not going or (roster.memberships and (going <= A_FEW or going * 2 <= before)):
        return ""
    return (
        f"The list would take away {going:,} of the {before:,} memberships that it "
        f"gave: it has {len(roster.memberships):,} now. So nothing was changed. Look "
        "at `imagetrove access sync --dry-run`, and if it is right, say `--force`."
    )


def _note(report: SyncReport, outcome: Outcome, source: str) -> None:
    report.source = source[:500]
    report.time = timezone.now()
    report.memberships = outcome.memberships
    report.added = len(outcome.changes.added)
    report.removed = len(outcome.changes.removed)
    report.problems = [
        {"line": one.line, "words": one.words} for one in outcome.problems[:NAMED]
    ]
    report.problem_count = len(outcome.problems)
    report.error = ""
    report.done_time = report.time
    report.save()
