"""A list makes projects and people, puts people in, and takes out whom it put in."""

import threading
from collections.abc import Iterable

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from portal.accounts.models import User
from portal.accounts.people import add_person
from portal.audit.models import Entry
from portal.catalogue.models import Project
from portal.enrolment.models import Enrolment, SyncReport
from portal.enrolment.roster import Membership, Roster, read
from portal.enrolment.sync import Outcome, bring_in_step, latest
from portal.registration import series as registration
from portal.sharing import access
from tests.portal.builders import announce, make_dataset, make_experiment, make_project

pytestmark = pytest.mark.django_db


def roster(*rows: str) -> Roster:
    """Return a list of such rows as `1 ann` or `1 ann,Title,Name`."""
    lines = []
    for row in rows:
        pair, _, rest = row.partition(",")
        project, _, who = pair.partition(" ")
        lines.append(f"{project},{who}@example.org,{rest}" if who else project)
    return read("\n".join(["project,email,title,name", *lines]).encode())


def take_up(*rows: str, **options: bool) -> Outcome:
    return bring_in_step(roster(*rows), source="a list", by="a test", **options)


def members(number: str) -> set[str]:
    people = User.objects.filter(groups__project__number=number)
    return {one.email.partition("@")[0] for one in people}


def names(memberships: Iterable[Membership]) -> list[str]:
    return [f"{one.project} {one.email.partition('@')[0]}" for one in memberships]


def test_projects_groups_and_people_are_made_and_put_together():
    outcome = take_up("1 ann,Brains,Ann Lee", "1 ben", "2 ann,Hearts")

    assert outcome.is_in_step
    assert {
        (one.number, one.title, one.group.name) for one in Project.objects.all()
    } == {
        ("1", "Brains", "Project 1"),
        ("2", "Hearts", "Project 2"),
    }
    ann = User.objects.get(email="ann@example.org")
    assert (ann.name, ann.provisioned, ann.has_usable_password()) == (
        "Ann Lee",
        True,
        False,
    )
    assert members("1") == {"ann", "ben"}
    assert members("2") == {"ann"}
    assert names(outcome.changes.added) == ["1 ann", "1 ben", "2 ann"]


def test_the_same_list_again_changes_nothing():
    take_up("1 ann,Brains,Ann Lee", "2 ben")

    changes = take_up("1 ann,Brains,Ann Lee", "2 ben").changes

    assert not any(vars(changes).values())


def test_who_left_the_list_leaves_the_project_and_sees_it_no_more(client):
    take_up("1 ann", "1 ben")
    experiment = make_experiment(
        project=make_project("1"), downloaders=[Group.objects.get(name="Project 1")]
    )
    client.force_login(User.objects.get(email="ben@example.org"))
    page = experiment.get_absolute_url()
    before = client.get(page).status_code

    outcome = take_up("1 ann")

    assert before == 200
    assert client.get(page).status_code == 404
    assert names(outcome.changes.removed) == ["1 ben"]
    assert members("1") == {"ann"}
    assert User.objects.filter(email="ben@example.org").exists()


def test_a_membership_given_by_hand_is_never_taken_away(alice):
    project = make_project("1")
    alice.groups.add(project.group)

    on_the_list = take_up("1 alice", "1 ben")
    off_the_list = take_up("1 ben")

    assert names(on_the_list.changes.added) == ["1 ben"]
    assert off_the_list.changes.removed == []
    assert members("1") == {"alice", "ben"}


def test_who_was_taken_out_by_hand_comes_back_while_the_list_has_them():
    take_up("1 ann")
    ann = User.objects.get()
    ann.groups.clear()

    take_up("1 ann")

    assert members("1") == {"ann"}
    assert Enrolment.objects.count() == 1


def test_an_account_is_found_by_its_address_whatever_the_case(alice):
    User.objects.filter(pk=alice.pk).update(email="Alice@Example.org")

    take_up("1 ALICE,,Somebody Else")

    alice.refresh_from_db()
    assert members("1") == {"Alice"}
    assert User.objects.get() == alice
    assert alice.get_full_name() == "Alice Adams"
    assert take_up("1 alice").changes.removed == []


def test_a_new_title_or_name_is_taken_over():
    take_up("1 ann,Brains,Ann Lee")

    changes = take_up("1 ann,Better brains,Ann van Lee").changes

    assert changes.titles == [("1", "Better brains")]
    assert Project.objects.get().title == "Better brains"
    assert User.objects.get().last_name == "Lee"
    assert User.objects.get().first_name == "Ann van"


def test_a_title_that_is_not_in_the_list_stays():
    take_up("1 ann,Brains")

    take_up("1 ann")

    assert Project.objects.get().title == "Brains"


def test_people_find_their_project_s_scans_at_their_first_sign_in():
    registration.register(announce(project="1"))
    take_up("1 ann")

    ann = add_person("ann", email="Ann@example.org", password=None, administrator=False)

    assert access.experiments_visible_to(ann).count() == 1


def test_scans_that_come_after_the_list_are_seen_by_its_people():
    take_up("1 ann")

    registration.register(announce(project="1"))

    ann = User.objects.get(email="ann@example.org")
    assert access.datafiles_downloadable_by(ann).count() == 3


def test_with_a_bad_row_the_good_ones_count_and_nobody_is_removed():
    take_up("1 ann", "1 ben")

    outcome = take_up("1 cat", "1 ben at example")

    assert not outcome.is_in_step
    assert members("1") == {"ann", "ben", "cat"}
    assert names(outcome.changes.spared) == ["1 ann", "1 ben"]
    assert outcome.changes.removed == []
    assert latest().problem_count == 1
    assert latest().problems[0]["line"] == 3


def test_force_removes_also_beside_a_bad_row():
    take_up("1 ann", "1 ben")

    take_up("1 ben", "nonsense", force=True)

    assert members("1") == {"ben"}


def test_a_list_that_shrank_by_more_than_half_is_refused_whole():
    take_up(*(f"1 p{number}" for number in range(12)))

    outcome = take_up("1 p1", "1 new")

    assert "take away 11 of the 12 memberships" in outcome.refusal
    assert "it has 2 now" in outcome.refusal
    assert len(members("1")) == 12
    assert "new" not in members("1")
    assert take_up("1 p1", "1 new", force=True).is_in_step
    assert members("1") == {"p1", "new"}


@pytest.mark.parametrize(("left", "refused"), [(6, False), (5, True)])
def test_half_may_go_at_once(left, refused):
    take_up(*(f"1 p{number}" for number in range(12)))

    outcome = take_up(*(f"1 p{number}" for number in range(left)))

    assert bool(outcome.refusal) is refused


def test_a_few_may_go_at_once_but_not_all():
    take_up("1 ann", "1 ben", "1 cat")

    assert take_up("1 ann").is_in_step
    assert "it has 0 now" in take_up().refusal
    assert members("1") == {"ann"}


def test_a_dry_run_says_what_would_be_and_changes_nothing():
    take_up("1 ann,Brains", "1 ben")
    before = (
        list(User.objects.values().order_by("pk")),
        list(Project.objects.values()),
        Enrolment.objects.count(),
        Entry.objects.count(),
        SyncReport.objects.values().get(),
    )

    rows = ("1 ann,Hearts", "2 cat,New,Cat Lee")
    said = take_up(*rows, dry_run=True)

    assert before == (
        list(User.objects.values().order_by("pk")),
        list(Project.objects.values()),
        Enrolment.objects.count(),
        Entry.objects.count(),
        SyncReport.objects.values().get(),
    )
    assert vars(said.changes) == vars(take_up(*rows).changes)


def test_the_trail_says_who_was_put_where_and_by_what():
    take_up("1 ann")
    ann = User.objects.get()
    take_up("1 ann", "1 ben")
    take_up("1 ben")

    entries = Entry.objects.filter(noun="user", subject_id=ann.pk).order_by("pk")

    assert [(one.action, one.username, one.detail) for one in entries] == [
        ("enrol", "a test", "Project 1"),
        ("withdraw", "a test", "Project 1"),
    ]


def test_the_last_result_is_kept():
    take_up("1 ann", "1 ben")
    take_up("1 ben", "1 cat")

    report = latest()

    assert (report.memberships, report.added, report.removed) == (2, 1, 1)
    assert report.source == "a list"
    assert report.time == report.done_time
    assert report.error == ""


def test_the_cost_of_a_long_list_is_a_few_questions(django_assert_max_num_queries):
    rows = [f"{number % 9} p{number}" for number in range(100)]
    take_up(*rows)

    with django_assert_max_num_queries(12):
        take_up(*rows)


@pytest.mark.django_db(transaction=True)
def test_two_syncs_at_once_go_one_after_the_other():
    take_up("1 ann")
    lists = [roster("1 ann", "2 ben"), roster("1 ann", "3 cat")]
    ready = threading.Barrier(2)
    outcomes = []

    def work(one: Roster) -> None:
        try:
            ready.wait()
            outcomes.append(bring_in_step(one, source="", by=""))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[one]) for one in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 2
    # The second has taken out whom the first had put in.
    assert sum(len(one.changes.removed) for one in outcomes) == 1
    assert members("1") == {"ann"}
    assert len(members("2") | members("3")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_scan_of_the_same_new_project_at_the_same_moment_shares_it():
    ready = threading.Barrier(2)
    batch = announce(project="1", people=("ann@example.org",))

    def arrive() -> None:
        try:
            ready.wait()
            registration.register(batch)
        finally:
            connection.close()

    thread = threading.Thread(target=arrive)
    thread.start()
    ready.wait()
    outcome = take_up("1 ann")
    thread.join()

    assert outcome.is_in_step
    assert Project.objects.get().number == "1"
    ann = User.objects.get()
    assert members("1") == {"ann"}
    assert access.experiments_visible_to(ann).count() == 1


def test_a_dataset_s_own_people_are_not_touched(alice, experiment):
    make_dataset(experiment)
    take_up("1 ann", "1 ben")

    take_up("1 ann")

    assert access.experiments_visible_to(alice).get() == experiment
