"""The pages in Chromium: readable by everybody, on a phone too, and alive."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from portal.accounts.by import By
from portal.accounts.invitations import invite
from portal.accounts.keys import make as make_key
from portal.catalogue.models import Datafile, Dataset, Experiment
from portal.curation import moving
from portal.curation.models import Flag
from portal.curation.moving import Destination
from portal.curation.selection import Selection
from portal.derivatives import thumbnails
from portal.derivatives.models import Thumbnail
from portal.registration import parking, polls
from portal.registration import series as registration
from portal.store import verification
from tests import dicom
from tests.portal.builders import (
    a_poll,
    announce,
    make_dataset,
    make_experiment,
    make_project,
    set_aside,
)

pytestmark = pytest.mark.django_db(transaction=True)

WIDE = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture
def scene(alice, administrator):
    """Something of everything that pages show; the addresses of all pages."""
    experiment = make_experiment(
        title="Fruit anatomy at 3 tesla, visit by visit",
        description="Weekly visits.",
        project=make_project(),
        downloaders=[alice],
        institution_name="Demo University",
    )
    make_experiment(title="Open", public_access=Experiment.PublicAccess.FULL)
    dataset = make_dataset(experiment, files=8)
    make_dataset(experiment, state=Dataset.State.RECEIVING, description="x" * 90)
    damaged = make_dataset(experiment)
    Dataset.objects.filter(pk=damaged.pk).update(damaged_count=1)
    Thumbnail.objects.create(dataset=damaged, reason="these files hold no picture")
    Flag.objects.create(
        kind=Flag.Kind.TWO_VERSIONS, facility=experiment.facility, dataset=dataset
    )
    correction = moving.reassign(
        Selection.of(datasets=[damaged.pk]), Destination(project="77"), by=By()
    )
    parked = parking.park(set_aside(dicom.make_series(instances=2)))
    invite("dora@a-department-with-a-very-long-name.example.org", by=administrator)
    make_key(administrator, name="backup", by=By(), experiment=experiment.pk)
    return (
        "/",
        "/mydata",
        "/mydata?filter=nothing",
        "/public_data",
        f"/experiment/view/{experiment.pk}",
        f"/dataset/{dataset.pk}",
        f"/dataset/{damaged.pk}",
        f"/experiment/view/{experiment.pk}/put-right?dataset={dataset.pk}",
        f"/correction/{correction.pk}",
        "/account",
        "/account/email",
        "/account/identities",
        "/account/password",
        "/account/keys",
        "/account/mail",
        "/account/reauthenticate",
        "/account/second-factor",
        "/account/second-factor/keys",
        "/invitations",
        "/flags",
        "/audit",
        "/audit?since=yesterday",
        f"/experiment/view/{experiment.pk}/trail",
        "/account/trail",
        "/parked",
        f"/parked/{parked.pk}",
        "/health",
        "/nothing",
    )


@contextmanager
def page_of(
    nginx: str,
    session: str,
    *,
    viewport: ViewportSize = WIDE,
    scheme: Literal["light", "dark"] = "light",
    script: bool = True,
) -> Iterator[Page]:
    """A page in Chromium that complains of every error of its own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        context = chromium.new_context(
            base_url=nginx,
            viewport=viewport,
            color_scheme=scheme,
            java_script_enabled=script,
        )
        context.add_cookies([{"name": "sessionid", "value": session, "url": nginx}])
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: _note_what_is_blocked(message.text, errors))
        yield page
        chromium.close()
    assert errors == []


def _note_what_is_blocked(said: str, errors: list[str]) -> None:
    """Note what the policy of a page's content keeps from running or being shown."""
    if "Content Security Policy" in said:
        errors.append(said)


@pytest.fixture
def session(browser_of, administrator):
    return browser_of(administrator).cookies["sessionid"].value


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_every_page(nginx, session, scene, scheme):
    found = {}
    with page_of(nginx, session, scheme=scheme) as page:
        for address in (*scene, "/login", "/login/forgotten", "/invitation"):
            if address == "/login":
                page.context.clear_cookies()
            page.goto(address)
            for fold in page.locator("details.fold").all():
                fold.evaluate("fold => fold.open = true")
            results = Axe().run(page, options=RULES)
            if results.violations_count:
                found[address] = results.generate_report()

    assert found == {}


def test_a_phone_scrolls_nothing_sideways_and_has_a_menu(nginx, session, scene):
    wide = {}
    with page_of(nginx, session, viewport=PHONE) as page:
        for address in scene:
            page.goto(address)
            for fold in page.locator("details.fold").all():
                fold.evaluate("fold => fold.open = true")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                wide[address] = width
        assert not page.get_by_role("link", name="Public data").is_visible()
        page.get_by_text("Menu").click()
        page.get_by_role("link", name="Public data").click()
        page.wait_for_url("**/public_data")

    assert wide == {}


def test_pages_work_without_javascript(nginx, browser_of, alice, experiment):
    dataset = make_dataset(experiment, files=101, verified=False)
    session = browser_of(alice).cookies["sessionid"].value

    with page_of(nginx, session, script=False) as page:
        page.goto("/mydata")
        page.get_by_role("link", name=experiment.title).click()
        page.get_by_role("link", name=dataset.description).click()
        page.get_by_role("link", name="More files").click()

        assert page.locator("#files tbody tr").count() == 1
        assert not page.locator("#header-filter").is_visible()
        page.get_by_role("button", name="Sign out").click()
        page.goto("/mydata")
        assert page.get_by_label("Password").is_visible()


def test_the_header_is_searched_as_one_types(nginx, session, dataset):
    with page_of(nginx, session) as page:
        page.goto(f"/dataset/{dataset.pk}")
        page.locator("details.fold summary").click()
        page.get_by_label("Filter header fields").fill("0018,00 time")

        rows = page.locator("#header tbody tr:visible")
        assert sorted(rows.locator("th").all_inner_texts()) == [
            "Echo Time",
            "Repetition Time",
        ]
        assert "2 of " in page.locator("[data-filtered]").inner_text()


def test_a_new_key_is_copied_by_its_button_and_can_be_selected_without(
    nginx, browser_of, alice
):
    session = browser_of(alice).cookies["sessionid"].value
    for script in (True, False):
        with page_of(nginx, session, script=script) as page:
            page.goto("/account/keys")
            page.get_by_label("Name, for example").fill("backup")
            page.get_by_role("button", name="Make the key").click()

            field = page.get_by_label("The new key")
            button = page.get_by_role("button", name="Copy")
            assert len(field.input_value()) == 40
            assert button.is_visible() is script
            if script:
                results = Axe().run(page, options=RULES)
                assert results.violations_count == 0, results.generate_report()
                page.context.grant_permissions(["clipboard-read"])
                button.click()
                expect(page.locator("[data-copied]")).to_have_text("Copied.")
                copied = page.evaluate("navigator.clipboard.readText()")
                assert copied == field.input_value()


def elsewhere[Result](do: Callable[..., Result], *arguments: object) -> Result:
    """Do what a scan does, in a thread: this one's event loop is the browser's."""

    def work() -> Result:
        try:
            return do(*arguments)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_a_page_left_open_follows_a_series_until_it_is_verified(
    nginx, browser_of, alice, experiment
):
    instances = dicom.make_series(instances=6)
    first = announce(instances[:2], experiment_key=experiment.key)
    whole = announce(instances, experiment_key=experiment.key)
    dataset = Dataset.objects.get(pk=registration.register(first).dataset_id)
    session = browser_of(alice).cookies["sessionid"].value

    with page_of(nginx, session) as page:
        page.goto(f"/dataset/{dataset.pk}")
        state, rows = page.locator("#state"), page.locator("#files tbody tr")
        expect(state).to_have_text("receiving, 2 files so far")

        elsewhere(registration.register, whole)
        expect(state).to_have_text("receiving, 6 files so far", timeout=10_000)
        expect(rows).to_have_count(6)

        elsewhere(registration.complete, whole.series_uid)
        elsewhere(verification.verify, dataset.pk)
        elsewhere(thumbnails.make, dataset.pk)
        expect(state).to_have_text("verified", timeout=10_000)
        expect(page.locator("#picture img")).to_have_count(1, timeout=10_000)
        expect(page.locator("[hx-trigger^=every]")).to_have_count(0)


def test_a_new_series_appears_on_an_experiment_left_open(
    nginx, browser_of, alice, experiment
):
    make_dataset(experiment, state=Dataset.State.RECEIVING, description="T1")
    late = announce(
        dicom.make_series(description="T2 late"), experiment_key=experiment.key
    )
    session = browser_of(alice).cookies["sessionid"].value

    with page_of(nginx, session) as page:
        page.goto(f"/experiment/view/{experiment.pk}")
        assert page.get_by_text("T2 late").count() == 0

        elsewhere(registration.register, late)

        expect(page.get_by_text("T2 late")).to_be_visible(timeout=10_000)


def test_a_long_file_table_grows_as_one_scrolls(nginx, browser_of, alice, experiment):
    dataset = make_dataset(experiment, files=1)
    Datafile.objects.bulk_create(
        Datafile(dataset=dataset, filename=f"{number:04}.dcm", size=1)
        for number in range(249)
    )
    session = browser_of(alice).cookies["sessionid"].value

    with page_of(nginx, session) as page:
        page.goto(f"/dataset/{dataset.pk}")
        links = page.locator("#files a[href^='/download/']")
        assert links.count() == 100
        for count in (200, 250):
            page.locator("#files tbody tr").last.scroll_into_view_if_needed()
            expect(links).to_have_count(count)


def test_a_health_page_that_gets_no_news_says_so(
    nginx, session, box_at_rest, monkeypatch
):
    monkeypatch.setattr("portal.web.views.health.OFTEN", 1)

    with page_of(nginx, session) as page:
        page.goto("/health")
        notice = page.get_by_text("The portal does not answer.")
        expect(notice).to_be_hidden()
        page.route("**/health/now", lambda route: route.abort())
        expect(notice).to_be_visible()
        page.unroute("**/health/now")
        expect(notice).to_be_hidden()
        expect(page.get_by_text("change 41 of 42")).to_be_visible()
        elsewhere(polls.note, a_poll(last_change=42))
        expect(page.get_by_text("change 42 of 42")).to_be_visible()
