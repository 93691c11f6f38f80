"""Whatever text a header holds is shown, and never run, on any page."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Dialog

from portal.catalogue.models import Dataset
from portal.registration import parking
from portal.registration import series as registration
from tests import dicom
from tests.portal.builders import announce, set_aside
from tests.portal.web.test_in_a_browser import page_of

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>\x1b[31m"
MADE_AN_ELEMENT = """
    document.querySelector("img[src=x]") !== null
    || [...document.scripts].some(script => script.text.includes("alert(2)"))
"""
TEXTS: dict[str, Any] = dict.fromkeys(
    [
        "patient_id",
        "patient_name",
        "description",
        "AccessionNumber",
        "ImageComments",
        "InstitutionName",
        "Manufacturer",
        "ProtocolName",
        "StationName",
        "StudyDescription",
        "StudyID",
    ],
    HOSTILE,
)


@pytest.fixture
def addresses(administrator):
    """Register one hostile series and park another; every page that shows them."""
    scan = dicom.make_series(instances=1, **TEXTS)
    batch = announce(scan, experiment_title=HOSTILE, dataset_title=HOSTILE)
    dataset = Dataset.objects.get(pk=registration.register(batch).dataset_id)
    parked = parking.park(
        set_aside(dicom.make_series(instances=1, **TEXTS), reason=HOSTILE)
    )
    return [
        "/",
        "/mydata",
        f"/experiment/view/{dataset.experiments.get().pk}",
        f"/dataset/{dataset.pk}",
        "/parked",
        f"/parked/{parked.pk}",
        "/health",
        *_of_the_administration(),
    ]


def test_t35_no_page_runs_what_a_header_says(
    nginx, browser_of, administrator, addresses
):
    session = browser_of(administrator).cookies["sessionid"].value
    opened: list[str] = []
    shown: list[str] = []

    with page_of(nginx, session) as page:
        page.on("dialog", lambda dialog: _note(opened, dialog))
        for address in addresses:
            answer = page.goto(address)
            assert answer, address
            assert answer.status == 200, address
            assert not page.evaluate(MADE_AN_ELEMENT), address
            shown += [address] * ("alert(2)" in page.locator("body").inner_text())

    assert opened == []
    # It is shown, so that it could have run.
    assert {address.split("/")[1] for address in shown} >= {
        "admin",
        "dataset",
        "experiment",
        "mydata",
        "parked",
    }


def _note(opened: list[str], dialog: Dialog) -> None:
    opened.append(dialog.page.url if dialog.page else "")
    dialog.dismiss()


def _of_the_administration() -> list[str]:
    """Return the list of every kind of row, and the page of its first one."""
    pages = []
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        first = model._default_manager.first()
        if first is not None:
            pages.append(reverse(f"{name}_change", args=[first.pk]))
    return pages
