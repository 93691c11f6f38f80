"""Whatever is done with a patient's scans, the trail does not have their name."""

import pytest
from django.db import connection
from django.test import Client

from portal.audit.models import Entry
from portal.catalogue.models import Dataset, Subject
from portal.registration import parking
from tests import dicom
from tests.portal.builders import make_dataset, make_experiment, make_project, set_aside

pytestmark = pytest.mark.django_db

NAME = "Quetzalcoatl^Xochitl"
PATIENT_ID = "QUETZAL77"


def kept() -> str:
    """Return every text of the table, whatever its columns are called."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(audit_entry)::text FROM audit_entry")
        return "\n".join(row for (row,) in cursor.fetchall())


@pytest.fixture
def browser(administrator):
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def scan(facility):
    """A scan of the patient, whose name is in every title, too."""
    experiment = make_experiment(title=f"Brain of {NAME}", project=make_project())
    return make_dataset(
        experiment, description=f"T1 {NAME}", patient_id=PATIENT_ID, patient_name=NAME
    )


@pytest.fixture
def parked(scan):
    """Another scan of the patient, that fits nowhere."""
    return parking.park(
        set_aside(
            dicom.make_series(
                instances=1,
                description=f"T2 {NAME}",
                patient_id=PATIENT_ID,
                patient_name=NAME,
            )
        )
    )


def test_no_view_or_deed_leaves_a_patient_s_name(browser, scan, parked):
    experiment = scan.experiments.get()
    subject = Subject.objects.get(identifier=PATIENT_ID)
    another = make_experiment(title=f"Heart of {NAME}")
    study = experiment.studies.get()

    browser.get(f"/experiment/view/{experiment.pk}")
    browser.get(f"/dataset/{scan.pk}")
    browser.get(f"/download/datafile/{scan.datafiles.first().pk}")
    browser.get(f"/mydata?filter={NAME}")
    browser.get(f"/public_data?filter={PATIENT_ID}")
    browser.get("/parked.csv")
    browser.get(f"/parked/{parked.pk}")
    browser.get(f"/parked/{parked.pk}/download")
    for button, fields in (
        ("assign", {"experiment": str(another.pk), "reason": f"it is {NAME}"}),
        ("assign", {"project": NAME, "new": "yes"}),
        ("ignore", {"reason": f"{NAME} again"}),
        ("put-back", {"reason": NAME}),
        ("again", {"reason": NAME}),
    ):
        answer = browser.post(f"/parked/{parked.pk}/{button}", fields)
        assert answer.status_code == 302, button
    for deed in (
        {"deed": "rename", "title": f"Head of {NAME}"},
        {"deed": "rename", "dataset": scan.pk, "title": f"T1 {NAME} again"},
        {"deed": "rename_subject", "subject": subject.pk, "identifier": f"{NAME}2"},
        {"deed": "move", "study": study.pk, "where": "project", "project": NAME},
    ):
        answer = browser.post(
            f"/experiment/view/{experiment.pk}/put-right/do",
            {**deed, "reason": f"it was {NAME}", "confirmed": "1"},
        )
        assert answer.status_code == 302, (deed, answer.context["problems"])
    browser.post(
        f"/admin/catalogue/dataset/{scan.pk}/delete/", {"post": "yes"}, follow=True
    )
    assert not Dataset.objects.filter(pk=scan.pk).exists()

    actions = set(Entry.objects.values_list("action", flat=True))
    done = {"view", "search", "download", "export", "change", "administration"}
    assert actions == done
    for part in ("quetzal", "xochitl"):
        assert part not in kept().lower()
