"""Every address of the house, and what it answers to everybody: the whole matrix.

A new address fails here until it has its row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLResolver, get_resolver

from portal.accounts.by import By
from portal.accounts.invitations import invite
from portal.accounts.keys import make as make_key
from portal.accounts.models import User
from portal.catalogue.models import Experiment
from portal.curation import renaming
from portal.curation.models import Flag
from portal.derivatives.models import Thumbnail
from portal.registration import parking
from portal.registration.models import ParkedSeries
from portal.store import files
from portal.store.models import Picture
from tests import dicom
from tests.portal.builders import set_aside

Public = Experiment.PublicAccess

# alice may download the experiment, bob may look at it, carol manages its facility.
PEOPLE = ("anonymous", "mallory", "bob", "alice", "carol", "administrator")

EVERYBODY = (200, 200, 200, 200, 200, 200)
READERS = (404, 404, 200, 200, 200, 200)
DOWNLOADERS = (404, 404, 404, 200, 200, 200)
MANAGERS = (404, 404, 404, 404, 200, 200)
ADMINISTRATORS = (404, 404, 404, 404, 404, 200)
# A form without a reason, for those who may send it.
MANAGERS_MUST_SAY_WHY = (404, 404, 404, 404, 400, 400)
SIGNED_IN = (302, 200, 200, 200, 200, 200)
NOT_THEIRS = (302, 404, 404, 404, 404, 404)
ALL_LED_ON = (302, 302, 302, 302, 302, 302)
NOBODY_BUT_INGEST = (401, 401, 401, 401, 401, 401)
# A program with a key alone, of whomever.
NOBODY_BY_SESSION = (401, 401, 401, 401, 401, 401)
ONLY_BY_POST = (405, 405, 405, 405, 405, 405)


@dataclass(frozen=True)
class Row:
    """An address, its statuses in the order of PEOPLE, and anonymous' of public data.

    The latter are two: where the experiment's metadata are public, and where all is.
    """

    address: str
    statuses: tuple[int, ...]
    public: tuple[int, int] | None = None
    method: str = "GET"
    # It has a form, which tests of its own post.
    posted: bool = False


KEY = "(?P<pk>[0-9]{1,18})"
PROVIDER = "(?P<provider_id>[a-z0-9-]{1,40})"
LOOKED_AT = (200, 200)
DOWNLOADED = (404, 200)

ROUTES = {
    "^healthz/?$": Row("/healthz", EVERYBODY),
    "api/v1/ingest/poll": Row("/api/v1/ingest/poll", NOBODY_BUT_INGEST, method="POST"),
    "api/v1/ingest/series": Row(
        "/api/v1/ingest/series", NOBODY_BUT_INGEST, method="POST"
    ),
    "api/v1/ingest/parked": Row(
        "/api/v1/ingest/parked", NOBODY_BUT_INGEST, method="POST"
    ),
    "api/v1/ingest/complete": Row(
        "/api/v1/ingest/complete", NOBODY_BUT_INGEST, method="POST"
    ),
    "api/v1/ingest/forgotten": Row(
        "/api/v1/ingest/forgotten", NOBODY_BUT_INGEST, method="POST"
    ),
    "api/v1/^imagetrove/whoami/?$": Row("/api/v1/imagetrove/whoami", NOBODY_BY_SESSION),
    "^$": Row("/", EVERYBODY),
    "^login/?$": Row("/login", (200, 302, 302, 302, 302, 302)),
    "^rc/?$": Row("/rc", (400,) * 6, method="POST"),
    "^rc/auth/jwt/?$": Row("/rc/auth/jwt", (400,) * 6, method="POST"),
    "^rc/login/?$": Row("/rc/login", (302,) * 6),
    "^logout/?$": Row("/logout", ONLY_BY_POST),
    "^admin/logout/?$": Row("/admin/logout", ONLY_BY_POST),
    "^mydata/?$": Row("/mydata", (302, 200, 200, 200, 200, 200)),
    "^public_data/?$": Row("/public_data", EVERYBODY),
    f"^experiment/view/{KEY}/?$": Row(
        "/experiment/view/{experiment}", READERS, LOOKED_AT
    ),
    f"^experiment/view/{KEY}/series/?$": Row(
        "/experiment/view/{experiment}/series", READERS, LOOKED_AT
    ),
    f"^experiment/view/{KEY}/trail/?$": Row(
        "/experiment/view/{experiment}/trail", MANAGERS
    ),
    f"^experiment/view/{KEY}/put-right/?$": Row(
        "/experiment/view/{experiment}/put-right", MANAGERS
    ),
    f"^experiment/view/{KEY}/put-right/do/?$": Row(
        "/experiment/view/{experiment}/put-right/do",
        MANAGERS_MUST_SAY_WHY,
        method="POST",
    ),
    f"^correction/{KEY}/?$": Row("/correction/{correction}", MANAGERS),
    f"^correction/{KEY}/undo/?$": Row(
        "/correction/{correction}/undo", MANAGERS_MUST_SAY_WHY, method="POST"
    ),
    "^flags/?$": Row("/flags", MANAGERS),
    f"^flags/{KEY}/dismiss/?$": Row(
        "/flags/{flag}/dismiss", MANAGERS_MUST_SAY_WHY, method="POST"
    ),
    f"^flags/{KEY}/reopen/?$": Row(
        "/flags/{flag}/reopen", (404, 404, 404, 404, 302, 302), method="POST"
    ),
    f"^dataset/{KEY}/?$": Row("/dataset/{dataset}", READERS, LOOKED_AT),
    f"^dataset/{KEY}/arrival/?$": Row("/dataset/{dataset}/arrival", READERS, LOOKED_AT),
    f"^dataset/{KEY}/files/?$": Row("/dataset/{dataset}/files", READERS, LOOKED_AT),
    f"^dataset/{KEY}/thumbnail/?$": Row(
        "/dataset/{dataset}/thumbnail", DOWNLOADERS, DOWNLOADED
    ),
    f"^download/datafile/{KEY}/?$": Row(
        "/download/datafile/{datafile}", DOWNLOADERS, DOWNLOADED
    ),
    "^audit/?$": Row("/audit", MANAGERS),
    r"^audit\.jsonl/?$": Row("/audit.jsonl", MANAGERS),
    "^account/mail/?$": Row("/account/mail", (302, 200, 200, 200, 200, 200)),
    "^account/trail/?$": Row("/account/trail", (302, 200, 200, 200, 200, 200)),
    "^account/keys/?$": Row("/account/keys", (302, 200, 200, 200, 200, 200)),
    f"^account/keys/{KEY}/revoke/?$": Row(
        "/account/keys/{key}/revoke", (302, 404, 404, 302, 404, 404), method="POST"
    ),
    # One's own account. What changes how one signs in asks for the password anew; and a
    # second factor that one has not got is not there.
    **{
        f"^account{page}/?$": Row(f"/account{page}", statuses, posted=True)
        for page, statuses in {
            "": SIGNED_IN,
            "/email": SIGNED_IN,
            "/identities": SIGNED_IN,
            "/password": SIGNED_IN,
            "/password/set": ALL_LED_ON,
            "/reauthenticate": SIGNED_IN,
            "/second-factor": SIGNED_IN,
            "/second-factor/again": ALL_LED_ON,
            "/second-factor/app": ALL_LED_ON,
            "/second-factor/app/remove": NOT_THEIRS,
            "/second-factor/codes": NOT_THEIRS,
            "/second-factor/codes/file": NOT_THEIRS,
            "/second-factor/codes/new": ALL_LED_ON,
            "/second-factor/keys": SIGNED_IN,
            "/second-factor/keys/add": ALL_LED_ON,
            "/second-factor/keys/again": ALL_LED_ON,
        }.items()
    },
    **{
        f"^account/second-factor/keys/{KEY}/{what}/?$": Row(
            f"/account/second-factor/keys/{{passkey}}/{what}", ALL_LED_ON, posted=True
        )
        for what in ("edit", "remove")
    },
    # Before one is signed in.
    **{
        route: Row(address, statuses, posted=True)
        for route, address, statuses in (
            ("^signup/?$", "/signup", (200, 302, 302, 302, 302, 302)),
            ("^login/passkey/?$", "/login/passkey", ALL_LED_ON),
            ("^login/second/?$", "/login/second", ALL_LED_ON),
            ("^login/inactive/?$", "/login/inactive", EVERYBODY),
            ("^login/confirm/?$", "/login/confirm", EVERYBODY),
            (
                "^login/confirm/(?P<key>[-:\\w]{1,300})/?$",
                "/login/confirm/forged",
                EVERYBODY,
            ),
            ("^login/forgotten/?$", "/login/forgotten", EVERYBODY),
            ("^login/forgotten/sent/?$", "/login/forgotten/sent", EVERYBODY),
            ("^login/forgotten/done/?$", "/login/forgotten/done", EVERYBODY),
            (
                "^login/forgotten/(?P<uidb36>[0-9A-Za-z]{1,20})-(?P<key>[-\\w]{1,200})/?$",
                "/login/forgotten/1-forged",
                EVERYBODY,
            ),
            ("^oidc/cancelled/?$", "/oidc/cancelled", EVERYBODY),
            ("^oidc/error/?$", "/oidc/error", (401,) * 6),
            (f"^oidc/{PROVIDER}/login/?$", "/oidc/nobody/login", (404,) * 6),
            (
                f"^oidc/{PROVIDER}/login/callback/?$",
                "/oidc/nobody/login/callback",
                (404,) * 6,
            ),
            ("^invitation/?$", "/invitation?word=forged", (404,) * 6),
            ("^invitations/?$", "/invitations", MANAGERS),
        )
    },
    f"^invitations/{KEY}/withdraw/?$": Row(
        "/invitations/{invitation}/withdraw",
        (404, 404, 404, 404, 302, 302),
        method="POST",
    ),
    "^health/?$": Row("/health", ADMINISTRATORS),
    "^health/now/?$": Row("/health/now", ADMINISTRATORS),
    "^parked/?$": Row("/parked", MANAGERS),
    "^parked/ignored/?$": Row("/parked/ignored", MANAGERS),
    "^parked/answer/?$": Row("/parked/answer", MANAGERS_MUST_SAY_WHY, method="POST"),
    r"^parked\.csv/?$": Row("/parked.csv", MANAGERS),
    f"^parked/{KEY}/?$": Row("/parked/{parked}", MANAGERS),
    f"^parked/{KEY}/picture/?$": Row("/parked/{parked}/picture", MANAGERS),
    f"^parked/{KEY}/download/?$": Row("/parked/{parked}/download", MANAGERS),
    f"^parked/{KEY}/again/?$": Row(
        "/parked/{parked}/again", (404, 404, 404, 404, 302, 302), method="POST"
    ),
    # Without what they ask for, or where it does not help: 400, for those who may.
    **{
        f"^parked/{KEY}/{answer}/?$": Row(
            f"/parked/{{parked}}/{answer}",
            (404, 404, 404, 404, 400, 400),
            method="POST",
        )
        for answer in (
            "assign",
            "same-patient",
            "split",
            "new-uids",
            "ignore",
            "put-back",
            "forget",
        )
    },
}


# To a post without what it asks for, and to one without a key.
OTHER_ANSWERS = {"^account/keys/?$": 400, "api/v1/^imagetrove/whoami/?$": 401}


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Yield every address pattern below, as Django writes them."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route


ALL_ROUTES = sorted(routes(get_resolver()))
# The admin site has rules of its own, and tests of its own below.
ADMIN_ROUTES = [route for route in ALL_ROUTES if re.match(r"\^admin\$|admin/", route)]


@pytest.fixture
def keys(dataset, experiment, alice, carol):
    """One of everything that an address can name."""
    Thumbnail.objects.create(dataset=dataset, name=f"thumbnails/{dataset.pk}.webp")
    files.write(f"thumbnails/{dataset.pk}.webp", b"picture")
    return {
        "experiment": experiment.pk,
        "dataset": dataset.pk,
        "datafile": dataset.datafiles.first().pk,
        "correction": renaming.rename_experiment(
            experiment.pk, title="Brain", by=By(reason="a test")
        ).pk,
        "flag": Flag.objects.create(
            kind=Flag.Kind.TWO_VERSIONS, facility=experiment.facility, dataset=dataset
        ).pk,
        "parked": _parked_from_the_dataset_s_scanner().pk,
        "invitation": invite("dora@example.org", by=carol).invitation.pk,
        "passkey": 1,
        "key": make_key(alice, name="a test", by=By())[0].pk,
    }


def _parked_from_the_dataset_s_scanner() -> ParkedSeries:
    parked = parking.park(set_aside(dicom.make_series(instances=1)))
    assert parked.facility
    assert parked.picture
    files.write("thumbnails/parked/1.webp", b"picture")
    Picture.objects.filter(pk=parked.picture.pk).update(name="thumbnails/parked/1.webp")
    return parked


@pytest.fixture(autouse=True)
def federation(settings):
    """The Australian Access Federation is on: off, its addresses are not there."""
    settings.AAF_URL = "https://rapid.test.aaf.edu.au/jwt/authnrequest/research/x"
    settings.AAF_ISSUER = "https://rapid.test.aaf.edu.au"
    settings.AAF_SECRET = "a secret that is long enough for it"


@pytest.fixture
def visitors(alice, bob, carol, mallory, administrator):
    """A browser for each of PEOPLE, signed in."""
    browsers = {"anonymous": Client()}
    for person in (alice, bob, carol, mallory, administrator):
        browsers[person.username] = Client()
        browsers[person.username].force_login(person)
    return browsers


def test_every_address_has_a_row():
    assert set(ALL_ROUTES) - set(ADMIN_ROUTES) == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
def test_t31_everybody_gets_the_answer_of_the_matrix(route, keys, visitors):
    row = ROUTES[route]
    address = row.address.format(**keys)

    answers = {
        name: visitors[name].generic(row.method, address).status_code for name in PEOPLE
    }

    assert answers == dict(zip(PEOPLE, row.statuses, strict=True))


@pytest.mark.parametrize("route", [route for route in ROUTES if route.endswith("/?$")])
def test_a_closing_slash_changes_nothing(route, keys, visitors):
    row = ROUTES[route]
    address = f"{row.address.format(**keys)}/"

    answer = visitors["administrator"].generic(row.method, address)

    same = answer.status_code == row.statuses[PEOPLE.index("administrator")]
    assert same or answer.get("Location") == address.rstrip("/")


@pytest.mark.parametrize(
    "route", [route for route, row in ROUTES.items() if row.public]
)
def test_what_is_public_is_open_to_anybody_as_far_as_it_is_public(
    route, keys, experiment, client
):
    row = ROUTES[route]
    statuses = []
    for level in (Public.METADATA, Public.FULL):
        Experiment.objects.filter(pk=experiment.pk).update(public_access=level)
        statuses.append(client.get(row.address.format(**keys)).status_code)

    assert tuple(statuses) == row.public


@pytest.mark.parametrize(
    "route",
    [route for route, row in ROUTES.items() if KEY in route and row.statuses[1] == 404],
)
def test_what_one_may_not_see_looks_like_what_does_not_exist(route, keys, visitors):
    row = ROUTES[route]
    missing = dict.fromkeys(keys, 10**17)
    mallory = visitors["mallory"]

    hidden = mallory.generic(row.method, row.address.format(**keys))
    nothing = mallory.generic(row.method, row.address.format(**missing))

    assert hidden.status_code == nothing.status_code == 404
    assert _without_tokens(hidden) == _without_tokens(nothing)


def _without_tokens(answer: Any) -> bytes:
    content: bytes = answer.content
    return re.sub(rb'(csrf\w*|token)[^>]*?"[\w-]{32,}"', b"", content)


@pytest.mark.parametrize(
    "route",
    [route for route, row in ROUTES.items() if row.method == "GET" and not row.posted],
)
def test_a_page_is_not_posted_to(route, keys, visitors):
    address = ROUTES[route].address.format(**keys)
    posts = {"^login/?$", "^logout/?$", "^admin/logout/?$", "^account/mail/?$"}

    status = visitors["administrator"].post(address).status_code

    assert status == OTHER_ANSWERS.get(route, 302 if route in posts else 405)


@pytest.mark.parametrize("route", ROUTES)
def test_t36_what_no_page_of_ours_has_sent_changes_nothing(route, keys, administrator):
    address = ROUTES[route].address.format(**keys)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(administrator)

    answer = browser.post(address, {"reason": "forged", "username": "administrator"})

    # The federation sends its people by a form of its own, which a signature proves;
    # what programs call asks for their key, and for no cookie.
    if route in ("^rc/?$", "^rc/auth/jwt/?$"):
        assert answer.status_code == 400
    elif route.startswith("api/"):
        assert answer.status_code == 401
    elif route == "^healthz/?$":
        assert answer.status_code == 405
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("address", ["/nothing", "/api/v1/nothing", "/dataset/x"])
def test_what_is_not_there_is_not_found_by_anybody(address, visitors):
    statuses = {visitors[name].get(address).status_code for name in PEOPLE}

    assert statuses == {404}


def admin_addresses() -> list[str]:
    """Return an address for every pattern of Django's admin."""
    fillings = {
        r"<path:content_type_id>": "1",
        r"<path:object_id>": "1",
        r"<id>": "1",
        r"^(?P<app_label>": "catalogue|",
        r"(?P<url>.*)$": "nothing",
    }
    addresses = []
    for route in ADMIN_ROUTES:
        address = route
        for placeholder, filling in fillings.items():
            address = address.replace(placeholder, filling)
        address = re.sub(r"\|[\w|]*\)/\$$", "/", address)
        addresses.append("/" + address.strip("^$"))
    return addresses


def test_the_admin_site_exists_for_administrators_alone(visitors):
    staff = Client()
    staff.force_login(
        User.objects.create(username="staff", email="staff@example.org", is_staff=True)
    )
    signing = {"/admin/login/", "/admin/logout/"}

    for address in set(admin_addresses()) - signing:
        anonymous = visitors["anonymous"].get(address)
        assert anonymous.status_code == 302, address
        assert anonymous["Location"].startswith("/login?next="), address
        for browser in (staff, *(visitors[name] for name in PEOPLE[1:-1])):
            assert browser.get(address).status_code == 404, address


def test_signing_in_happens_on_the_portal_s_own_page(visitors):
    for name in PEOPLE:
        answer = visitors[name].get("/admin/login/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login?next=")


@pytest.mark.parametrize(
    "model", admin.site._registry, ids=lambda model: model.__name__
)
def test_every_page_of_the_admin_site_opens(model, keys, visitors):
    administrator = visitors["administrator"]
    folder = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    may_add = model._meta.label not in ("audit.Entry", "accounts.ApiKey")

    assert administrator.get(folder).status_code == 200
    assert administrator.get(f"{folder}?q=brain").status_code == 200
    assert administrator.get(f"{folder}add/").status_code == (200 if may_add else 403)
    for row in model._default_manager.all()[:1]:
        assert administrator.get(f"{folder}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("address", ["/admin", "/admin/"])
def test_the_admin_site_s_front_page_has_both_spellings(address, visitors):
    assert visitors["administrator"].get(address).status_code == 200
