"""What a series hangs on, and whom its rule lets in."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from portal.accounts.models import User
from portal.accounts.people import add_person
from portal.catalogue.models import Experiment, Study, Subject, Visit
from portal.registration import series as registration
from portal.registration.announcement import DoesNotFit
from portal.sharing import access
from portal.sharing.grants import end
from portal.sharing.models import Grant
from rules.decide import Institution
from tests import dicom
from tests.portal.builders import announce

pytestmark = pytest.mark.django_db


def test_studies_with_one_key_share_an_experiment():
    registration.register(announce(experiment_key="P1 2026"))
    registration.register(announce(experiment_key="P1 2026"))

    assert Experiment.objects.get().studies.count() == 2


def test_equal_titles_do_not_merge_experiments():
    registration.register(announce(experiment_title="Brain"))
    registration.register(announce(experiment_title="Brain"))

    assert Experiment.objects.count() == 2


def test_a_new_title_does_not_make_the_next_series_open_another_experiment():
    first = dicom.make_series()
    registration.register(announce(first))
    Experiment.objects.update(title="A better title")

    registration.register(
        announce(dicom.make_series(study_uid=first[0].StudyInstanceUID))
    )

    assert Experiment.objects.get().title == "A better title"


def test_a_study_stays_in_its_experiment_whatever_the_rules_say_by_now():
    first = dicom.make_series()
    before = registration.register(announce(first, experiment_key="old"))

    after = registration.register(
        announce(
            dicom.make_series(study_uid=first[0].StudyInstanceUID),
            experiment_key="new",
        )
    )

    assert after.experiment_id == before.experiment_id
    assert Experiment.objects.get().key == "old"


def test_a_study_that_comes_back_with_another_patient_does_not_fit():
    first = dicom.make_series(patient_id="P1")
    registration.register(announce(first))
    second = dicom.make_series(
        study_uid=first[0].StudyInstanceUID, patient_id="P2", patient_name="Bert"
    )

    with pytest.raises(DoesNotFit, match="another PatientID") as misfit:
        registration.register(announce(second))

    assert "P1" not in misfit.value.reason
    assert "P2" not in misfit.value.reason
    assert misfit.value.remedy


@pytest.mark.parametrize("decision", [{"project": "5678"}, {"project": ""}])
def test_a_key_that_leads_into_another_project_does_not_fit(decision):
    registration.register(announce(experiment_key="shared", project="1234"))

    with pytest.raises(DoesNotFit, match="belongs to Project 1234"):
        registration.register(announce(experiment_key="shared", **decision))


def test_a_key_that_leads_into_another_facility_does_not_fit():
    registration.register(announce(experiment_key="shared", facility="One"))

    with pytest.raises(DoesNotFit, match="belongs to the facility One"):
        registration.register(announce(experiment_key="shared", facility="Two"))


def test_people_are_let_in_before_they_have_an_account():
    registered = registration.register(announce(people=("Dave@Example.org",)))

    dave = add_person(
        "dave", email="dave@example.org", password="x", administrator=False
    )

    visible = access.experiments_visible_to(dave)
    assert [one.pk for one in visible] == [registered.experiment_id]
    assert access.datafiles_downloadable_by(dave).count() == 3


def test_people_are_known_by_their_address_in_any_spelling(alice):
    registration.register(announce(people=("ALICE@example.org", "alice@EXAMPLE.org")))

    assert User.objects.get() == alice
    assert Grant.objects.get().user == alice


def test_the_people_of_the_project_and_the_groups_of_the_rule_are_let_in():
    registration.register(announce(project="1234", groups=("The lab",), rule="brains"))

    assert {(str(one.group), one.reason) for one in Grant.objects.all()} == {
        ("Project 1234", "Project 1234"),
        ("The lab", 'rule "brains"'),
    }


def test_operators_are_in_the_instruments_group_and_may_look_only(alice):
    operators = (alice.email, "Olga@Example.org")

    registered = registration.register(announce(operators=operators))

    grant = Grant.objects.get()
    assert str(grant.group) == "OPERATOR :: SCANNER1"
    assert grant.level == Grant.Level.READ
    people = User.objects.filter(groups=grant.group).order_by("email")
    assert [one.email for one in people] == ["alice@example.org", "olga@example.org"]
    assert [one.pk for one in access.experiments_visible_to(alice)] == [
        registered.experiment_id
    ]
    assert not access.datafiles_downloadable_by(alice).exists()


def test_an_operator_sees_every_experiment_of_the_instrument_and_no_other():
    for _ in range(2):
        registration.register(announce(operators=("olga@example.org",)))
    registration.register(announce(instrument="Another"))

    olga = User.objects.get()
    assert access.experiments_visible_to(olga).count() == 2
    assert olga.groups.count() == 1


def test_an_operators_group_that_the_rule_also_names_may_download():
    registration.register(
        announce(operators=("olga@example.org",), groups=("OPERATOR :: SCANNER1",))
    )

    assert Grant.objects.get().level == Grant.Level.DOWNLOAD


def test_an_operators_address_that_is_none_does_not_fit():
    with pytest.raises(DoesNotFit, match="no e-mail address") as misfit:
        registration.register(announce(operators=("the night shift",)))

    assert "operators" in misfit.value.remedy
    assert not Grant.objects.exists()


def test_the_institution_is_what_the_rules_say():
    registration.register(announce(institution=Institution("The Centre")))

    assert Experiment.objects.get().institution_name == "The Centre"


def test_without_a_word_in_the_rules_nobody_but_managers_is_let_in(
    alice, carol, administrator
):
    registration.register(announce())

    assert not Grant.objects.exists()
    assert not access.experiments_visible_to(alice).exists()
    assert access.experiments_visible_to(carol).exists()
    assert access.experiments_visible_to(administrator).exists()


def test_a_second_series_lets_in_whom_the_first_did_not_name(alice, bob):
    first = dicom.make_series()
    registration.register(announce(first, people=(alice.email,)))

    registration.register(
        announce(
            dicom.make_series(study_uid=first[0].StudyInstanceUID),
            people=(bob.email,),
        )
    )

    assert {one.user for one in Grant.objects.all()} == {alice, bob}


def test_what_an_administrator_ended_the_next_series_does_not_give_back(alice):
    first = dicom.make_series()
    registration.register(announce(first, people=(alice.email,), project="1234"))
    end(Grant.objects.filter(user=alice))

    for study_uid in (first[0].StudyInstanceUID, None):
        keywords = {"study_uid": study_uid} if study_uid else {}
        registration.register(
            announce(
                dicom.make_series(**keywords),
                experiment_key=Experiment.objects.get().key,
                people=(alice.email,),
                project="1234",
            )
        )

    assert not access.experiments_visible_to(alice).exists()


@pytest.mark.django_db(transaction=True)
def test_scans_at_once_that_name_the_same_new_people_and_groups_share_them():
    people = [f"p{number}@example.org" for number in range(6)]
    groups = [f"The lab {number}" for number in range(6)]
    batches = [
        announce(
            people=tuple(people[::step]), groups=tuple(groups[::step]), project="1"
        )
        for step in (1, -1, 1, -1)
    ]
    ready = threading.Barrier(len(batches))
    registered = []

    def arrive(batch):
        try:
            ready.wait()
            registered.append(registration.register(batch))
        finally:
            connection.close()

    threads = [threading.Thread(target=arrive, args=[one]) for one in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(registered) == 4
    assert {one.email for one in User.objects.all()} == set(people)
    assert Group.objects.filter(name__startswith="The lab").count() == 6
    assert Grant.objects.filter(user__email=people[0]).count() == 4
    assert Grant.objects.filter(group__name="Project 1").count() == 4


def test_access_comes_and_goes_with_the_transaction_of_the_data(alice):
    registration.register(announce(experiment_key="shared", project="1"))

    with pytest.raises(DoesNotFit):
        registration.register(
            announce(experiment_key="shared", project="2", people=("new@example.org",))
        )

    assert not Group.objects.filter(name="Project 2").exists()
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_address_that_is_none_does_not_fit_and_lets_nobody_in():
    with pytest.raises(DoesNotFit, match="no e-mail address") as misfit:
        registration.register(announce(people=("dave@example.org", "the boss")))

    assert "people" in misfit.value.remedy
    assert not User.objects.exists()
    assert not Study.objects.exists()


def test_the_studies_of_a_subject_on_a_day_are_one_visit():
    for day in ("20260301", "20260301", "20260302"):
        registration.register(announce(dicom.make_series(study_date=day)))

    subject = Subject.objects.get()
    assert [visit.studies.count() for visit in subject.visits.all()] == [2, 1]


@pytest.mark.parametrize(
    "keywords", [{"study_date": ""}, {"patient_id": ""}, {"study_date": "1950"}]
)
def test_without_a_day_or_a_patient_there_is_no_visit_but_a_study(keywords):
    registration.register(announce(dicom.make_series(**keywords)))

    assert Study.objects.get().visit is None
    assert not Visit.objects.exists()


def test_the_same_patient_in_two_projects_is_two_subjects():
    for project in ("1234", "5678"):
        registration.register(announce(project=project))

    assert Subject.objects.count() == 2


def test_long_words_are_shortened_and_never_refused():
    long = "x" * 5000
    batch = announce(
        dicom.make_series(StudyDescription="y" * 60, PatientID="z" * 60),
        experiment_title=long,
        dataset_title=long,
        facility=long[:255],
        instrument=long,
        rule=long,
        groups=(long,),
    )

    registration.register(batch)

    assert Experiment.objects.get().title == long[:400]
