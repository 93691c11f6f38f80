"""The dataset's page: the right series, and all there."""

import re

import pytest
from django.conf import settings
from django.test import Client

from portal.catalogue.models import Datafile, Dataset, Experiment, Series
from portal.derivatives.models import Thumbnail
from portal.registration import series as registration
from portal.store import files, verification
from portal.store.models import Replica
from tests import dicom
from tests.portal.builders import announce, make_dataset, make_experiment

pytestmark = pytest.mark.django_db

Public = Experiment.PublicAccess
ROW = '<td class="text-end pe-3">'


def page_of(browser: Client, dataset: Dataset, part: str = "") -> str:
    return browser.get(f"/dataset/{dataset.pk}{part}").content.decode()


def many_files(dataset: Dataset, count: int) -> None:
    """Give a dataset `count` files that exist on record alone."""
    Datafile.objects.bulk_create(
        Datafile(dataset=dataset, filename=f"{number:05}.dcm", size=1)
        for number in range(count)
    )
    Dataset.objects.filter(pk=dataset.pk).update(file_count=count)


def test_the_page_says_what_arrived_and_how_it_was_proven(browser_of, alice, pictured):
    page = page_of(browser_of(alice), pictured)

    assert "3 images" in page
    assert "3 of 3 files: read back, checksums as on arrival" in page
    assert ">verified<" in page
    assert f"/dataset/{pictured.pk}/thumbnail?made=" in page
    assert 'hx-trigger="every' not in page


def test_the_page_shows_the_protocol_with_units(browser_of, alice, dataset):
    page = page_of(browser_of(alice), dataset)

    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))
    assert "Repetition time 2,300 ms" in text
    assert "Echo time 2.98 ms" in text


def test_no_picture_has_its_reason(browser_of, alice, bob, dataset):
    before = page_of(browser_of(alice), dataset)
    Thumbnail.objects.create(dataset=dataset, reason="the pixels could not be read")

    assert "No picture, because the picture comes in a moment." in before
    assert "No picture, because the pixels could not be read." in page_of(
        browser_of(alice), dataset
    )
    assert "because pictures are for people who may download" in page_of(
        browser_of(bob), dataset
    )


def test_a_series_is_followed_while_it_arrives(browser_of, alice, experiment):
    instances = dicom.make_series(instances=5)
    batch = announce(instances[:2], experiment_key=experiment.key)
    registered = registration.register(batch)
    dataset = Dataset.objects.get(pk=registered.dataset_id)
    browser = browser_of(alice)

    early = page_of(browser, dataset)
    registration.register(announce(instances, experiment_key=experiment.key))
    later = browser.get(f"/dataset/{dataset.pk}/arrival?seen=2-0-0")

    assert "receiving, 2 files so far" in early
    assert 'hx-trigger="every 2s"' in early
    assert f"/dataset/{dataset.pk}/arrival?seen=2-0-0" in early
    assert "receiving, 5 files so far" in later.content.decode()
    assert "<html" not in later.content.decode()
    assert later["HX-Trigger"] == "files-arrived"


def test_nobody_asks_any_more_when_all_is_there_and_proven(
    browser_of, alice, experiment
):
    dataset = make_dataset(experiment, state=Dataset.State.RECEIVING, verified=False)
    browser = browser_of(alice)

    registration.complete(dataset.series.series_uid)
    complete = page_of(browser, dataset, "/arrival")
    verification.verify(dataset.pk)
    verified = page_of(browser, dataset, "/arrival")
    Thumbnail.objects.create(dataset=dataset, reason="these files hold no picture")
    settled = page_of(browser, dataset, "/arrival")

    assert 'hx-trigger="every 5s"' in complete
    assert 'hx-trigger="every 5s"' in verified
    assert "hx-get" not in settled


def test_the_file_table_is_renewed_only_when_it_changed_and_is_short(
    browser_of, alice, dataset
):
    browser = browser_of(alice)
    address = f"/dataset/{dataset.pk}/arrival"

    same = browser.get(f"{address}?seen=3-3-0")
    Dataset.objects.filter(pk=dataset.pk).update(file_count=500)
    longer = browser.get(f"{address}?seen=3-3-0")

    assert "HX-Trigger" not in same
    assert "HX-Trigger" not in longer


def test_a_damaged_file_is_told_on_the_page(browser_of, bob, dataset):
    replica = dataset.datafiles.all()[0].replicas.get()
    files.write(replica.uri, b"rotten")
    Replica.objects.filter(pk=replica.pk).update(last_verified_time=None)
    verification.verify(dataset.pk)

    page = page_of(browser_of(bob), dataset)

    assert "damaged: 1 of 3 files" in page
    assert page.count(">damaged<") == 1
    assert page.count(">verified<") == 2


def test_the_first_files_stand_on_the_page_and_more_come_as_one_scrolls(
    browser_of, alice, experiment
):
    dataset = make_dataset(experiment, files=1)
    many_files(dataset, 1250)
    browser = browser_of(alice)

    page = page_of(browser, dataset)
    rows = page_of(browser, dataset, "/files?page=2")
    last = page_of(browser, dataset, "/files?page=13")

    assert "1,251 files" in page
    assert page.count("/download/datafile/") == 100
    assert f'hx-get="/dataset/{dataset.pk}/files?page=2" hx-trigger="revealed"' in page
    assert f'href="/dataset/{dataset.pk}?page=2#files"' in page
    assert rows.count("/download/datafile/") == 100
    assert "<table" not in rows
    assert last.count("/download/datafile/") == 51
    assert "hx-get" not in last


def test_pages_of_files_work_without_javascript(browser_of, alice, dataset):
    many_files(dataset, 150)

    page = page_of(browser_of(alice), dataset, "?page=2")

    assert page.count("/download/datafile/") == 53


def test_who_may_only_look_sees_names_and_counts_but_no_way_to_the_bytes(
    browser_of, bob, pictured
):
    page = page_of(browser_of(bob), pictured)

    assert pictured.datafiles.first().filename in page
    assert "3 files" in page
    assert "/download/" not in page
    assert "/thumbnail" not in page
    assert "All header fields" not in page


def test_strangers_do_not_read_how_public_metadata_came_here(client):
    experiment = make_experiment(public_access=Public.METADATA)
    dataset = make_dataset(experiment, patient_id="SUBJECT-9")

    page = page_of(client, dataset)

    assert "Repetition time" in page
    assert "Why it is here" not in page
    assert "SUBJECT-9" not in page


def test_the_page_says_which_rule_put_it_here(browser_of, bob, dataset):
    Series.objects.update(rule="3T", reasons=['StationName matches "MR1".'])

    page = page_of(browser_of(bob), dataset)

    assert "Sent by SCANNER to STORESCP." in page
    assert "Placed by the rule “3T”." in page
    assert "StationName matches &quot;MR1&quot;." in page


def test_the_header_is_there_for_those_who_may_have_the_bytes(
    browser_of, alice, dataset
):
    page = page_of(browser_of(alice), dataset)

    assert "All header fields" in page
    assert "0018,0080" in page
    assert "Repetition Time" in page


def test_what_a_scanner_sent_is_never_html(browser_of, alice, dataset):
    evil = "<script>alert(1)</script>"
    Series.objects.update(
        header={"SeriesDescription": evil, evil: [evil, {"CodeMeaning": evil}]},
        rule=evil,
        reasons=[evil],
        calling_ae=evil,
    )
    Datafile.objects.filter(dataset=dataset).update(sha512sum="<img>")
    Thumbnail.objects.create(dataset=dataset, reason=evil)
    Dataset.objects.filter(pk=dataset.pk).update(description=evil)

    page = page_of(browser_of(alice), dataset)

    assert "<script>alert" not in page
    assert "<img>" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 8


def test_a_series_without_a_header_or_files_is_shown(browser_of, alice, experiment):
    dataset = Dataset.objects.create()
    dataset.experiments.add(experiment)

    page = page_of(browser_of(alice), dataset)

    assert "Files appear here as the scanner sends them." in page
    assert "Without a name" in page


def test_the_page_takes_as_many_queries_for_thirty_files_as_for_three(
    browser_of, alice, experiment, queries_of
):
    browser = browser_of(alice)
    few, many = (make_dataset(experiment, files=files) for files in (3, 30))

    counts = [queries_of(browser, f"/dataset/{one.pk}") for one in (few, many)]

    assert counts[0] == counts[1] <= 18


def test_the_receipt_names_the_site_s_time_of_rest(browser_of, alice, dataset):
    page = page_of(browser_of(alice), dataset)

    assert f"after {settings.STABLE_AGE_SECONDS} s of rest" in page
