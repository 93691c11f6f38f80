"""Programs at the door of the API: whose key it is, and what it allows."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from portal.accounts.by import By
from portal.accounts.keys import make, revoke
from portal.accounts.models import ApiKey, User
from portal.accounts.people import add_service
from portal.audit import trail
from portal.audit.models import Entry
from portal.audit.passage import coming_by, passage
from portal.catalogue.models import Experiment
from tests.conftest import PASSWORD
from tests.portal.builders import make_experiment

Scope = ApiKey.Scope
WHOAMI = "/api/v1/imagetrove/whoami"


@pytest.fixture
def key_of():
    """Return a function that makes a key of a person; its row and its header."""

    def made(person: User, **allowed: Any) -> SimpleNamespace:
        row, key = make(person, name="program", by=By(), **allowed)
        return SimpleNamespace(
            row=row, key=key, header=f"ApiKey {person.username}:{key}"
        )

    return made


@pytest.fixture
def whoami(client):
    """Return a function that asks who a header belongs to: status and answer."""

    def ask(header):
        answer = client.get(
            WHOAMI,
            headers={"Authorization": header, "X-Forwarded-For": "192.0.2.9"},
        )
        return answer.status_code, answer.json()

    return ask


def test_a_program_learns_what_its_key_allows(whoami, key_of, alice):
    day = timezone.localdate() + timedelta(days=3)
    key = key_of(alice, scope=Scope.READ, experiment=7, expires=day)

    assert whoami(key.header) == (
        200,
        {
            "username": "alice",
            "key": "program",
            "scope": "read",
            "experiment": 7,
            "expires": day.isoformat(),
        },
    )
    key.row.refresh_from_db()
    assert key.row.last_used_address == "192.0.2.9"


def test_a_key_for_everything_and_for_good_says_so(whoami, key_of, alice):
    status, said = whoami(key_of(alice).header)

    assert status == 200
    assert (said["scope"], said["experiment"], said["expires"]) == ("write", None, None)


@pytest.mark.parametrize("scheme", ["ApiKey", "apikey", "APIKEY"])
def test_the_scheme_may_be_written_in_any_case(whoami, key_of, alice, scheme):
    key = key_of(alice).key

    assert whoami(f"{scheme} alice:{key}")[0] == 200


@pytest.mark.parametrize(
    ("username", "encoding"), [("jörg", "utf-8"), ("jörg", "latin-1"), ("a:b", "ascii")]
)
@pytest.mark.django_db
def test_a_user_name_may_have_any_letters(whoami, key_of, username, encoding):
    person = User.objects.create(username=username)

    header = key_of(person).header.encode(encoding).decode("latin-1")

    assert whoami(header)[0] == 200


@pytest.mark.parametrize(
    "header",
    [
        "ApiKey",
        "ApiKey ",
        "ApiKey alice",
        "ApiKey alice:",
        "ApiKey :{key}",
        "ApiKey bob:{key}",
        "ApiKey Alice:{key}",
        "ApiKey {key}:alice",
        "ApiKey alice:{key}x",
        "ApiKey alice:{digest}",
        "ApiKey ingest:{ingest}",
        "Bearer {key}",
        "Basic YWxpY2U6Y29ycmVjdA==",
        "alice:{key}",
        "",
    ],
)
def test_without_a_key_that_works_nobody_is_told_anything(
    whoami, key_of, alice, bob, settings, header
):
    key = key_of(alice)

    status, said = whoami(
        header.format(
            key=key.key, digest=key.row.digest, ingest=settings.INGEST_API_KEY
        )
    )

    assert status == 401
    assert set(said) == {"error"}
    assert "alice" not in said["error"]


def test_a_refusal_names_the_way_to_come_in(client, alice):
    answer = client.get(WHOAMI, headers={"Authorization": "ApiKey alice:guess"})

    assert answer["WWW-Authenticate"] == "ApiKey"
    assert answer["Content-Type"] == "application/json"


def test_a_wrong_key_and_an_unknown_name_are_answered_alike(whoami, key_of, alice):
    key_of(alice)

    assert whoami("ApiKey alice:guess") == whoami("ApiKey nobody:guess")


def test_whose_key_no_longer_works_is_told_why(whoami, key_of, alice):
    revoked, expired, closed = key_of(alice), key_of(alice), key_of(alice)
    revoke(revoked.row, by=By())
    yesterday = timezone.localdate() - timedelta(days=1)
    ApiKey.objects.filter(pk=expired.row.pk).update(expires=yesterday)

    answers = [whoami(revoked.header), whoami(expired.header)]
    User.objects.update(is_active=False)
    answers.append(whoami(closed.header))

    assert answers == [
        (401, {"error": "The key “program” was revoked."}),
        (
            401,
            {"error": f"The key “program” has expired; its last day was {yesterday}."},
        ),
        (401, {"error": "The account of this key is not active."}),
    ]


def test_the_account_of_a_program_works_by_its_keys_alone(client, whoami, key_of, db):
    service = add_service("uploader")

    assert whoami(key_of(service).header)[1]["username"] == "uploader"
    for password in ("", "!", service.password, PASSWORD):
        client.post("/login", {"login": "uploader", "password": password})
        assert client.get("/account/keys").status_code == 302


def test_who_is_signed_in_still_needs_a_key_here(client, alice):
    client.force_login(alice)

    assert client.get(WHOAMI).status_code == 401


def test_no_cache_keeps_the_answer(client, key_of, alice):
    answer = client.get(WHOAMI, headers={"Authorization": key_of(alice).header})

    assert "no-store" in answer["Cache-Control"]


@api_view(["GET", "POST", "PUT", "PATCH", "DELETE"])
def resource(request: Request, pk: int | None = None) -> Response:
    """A resource as the settings make it, that keeps nothing."""
    return Response(request.user.get_username())


class ExperimentResource(APIView):
    """A resource of experiments that finds all of them, whoever asks."""

    def get(self, request: Request, pk: int) -> Response:
        experiment = Experiment.objects.get(pk=pk)
        self.check_object_permissions(request, experiment)
        return Response(experiment.title)

    patch = get


@api_view(["GET"])
def noted(request: Request) -> Response:
    """A resource of which the trail is told who looked."""
    trail.record(Entry.Action.VIEW, user=request.user)
    return Response()


def status_of(view: Any, method: str, key: SimpleNamespace, **names: int) -> int:
    """Return what a resource answers to a program; in a passage, as by the portal."""
    request = APIRequestFactory().generic(
        method, "/api/v1/resource", headers={"Authorization": key.header}
    )
    with coming_by(Entry.Door.API):
        status: int = view(request, **names).status_code
    return status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["administrator", "carol", "alice"])
def test_t41_a_key_that_reads_changes_nothing_whoever_it_is_of(
    request, key_of, method, name
):
    person = request.getfixturevalue(name)
    reads, writes = key_of(person, scope=Scope.READ), key_of(person)

    assert status_of(resource, "GET", reads) == 200
    assert status_of(resource, method, reads, pk=1) == 403
    assert status_of(resource, method, writes, pk=1) == 200


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_key_for_one_experiment_is_refused_at_every_other(
    key_of, administrator, experiment, method
):
    other = make_experiment()
    key = key_of(administrator, experiment=experiment.pk)
    view = ExperimentResource.as_view()

    assert status_of(view, method, key, pk=experiment.pk) == 200
    assert status_of(view, method, key, pk=other.pk) == 403
    assert status_of(view, method, key_of(administrator), pk=other.pk) == 200


def test_a_key_for_one_experiment_makes_nothing_new(key_of, alice, experiment):
    key = key_of(alice, experiment=experiment.pk)

    assert status_of(resource, "POST", key) == 403
    assert status_of(resource, "POST", key_of(alice)) == 200


def test_the_trail_says_by_which_key_a_program_acted_and_for_whom(key_of, alice):
    key = key_of(alice)

    assert status_of(noted, "GET", key) == 200

    entry = Entry.objects.get(action=Entry.Action.VIEW)
    assert (entry.user, entry.door) == (alice, Entry.Door.API)
    assert entry.on_behalf_of == f"key {key.row.pk} of alice (program)"
    assert passage().on_behalf_of == ""
