"""An assertion is good for one sign-in, also when many come at one moment."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from django_auth_aaf import replays
from django_auth_aaf.errors import Reason, Refused
from django_auth_aaf.models import Identity, SeenAssertion
from django_auth_aaf.stand_in import PEOPLE, assertion_for

ALICE = PEOPLE[0]


def test_t43_an_assertion_that_is_sent_again_is_refused(
    alice: Any, post: Any, client: Client, heard: Any, is_signed_in: Any
) -> None:
    token = assertion_for(ALICE)
    post(token)
    client.logout()

    answer = post(token)

    assert answer.status_code == 400
    assert b"was used before" in answer.content
    assert heard.reasons == ["replayed"]
    assert not is_signed_in()


def test_t43_an_assertion_whose_sign_in_was_refused_is_used_all_the_same(
    db: None, post: Any, make_account: Any, heard: Any
) -> None:
    token = assertion_for(ALICE)
    post(token)
    make_account("alice")

    post(token)

    assert heard.reasons == ["not_invited", "replayed"]


@pytest.mark.django_db(transaction=True)
def test_t43_of_many_that_send_one_assertion_at_one_moment_one_is_signed_in(
    make_account: Any, heard: Any
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one at a time write: set PGHOST")
    make_account("alice")
    token = assertion_for(ALICE)
    together = threading.Barrier(8)
    statuses = []

    def send() -> None:
        try:
            together.wait()
            body = {"assertion": token}
            content_type = "application/x-www-form-urlencoded"
            answer = Client().post(
                "/rc", f"assertion={body['assertion']}", content_type=content_type
            )
            statuses.append(answer.status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(statuses) == {302: 1, 400: 7}
    assert heard.reasons == ["replayed"] * 7
    assert Identity.objects.count() == 1


def test_one_identifier_of_two_issuers_is_two_assertions(db: None) -> None:
    exp = int(timezone.now().timestamp()) + 60

    replays.note(issuer="https://one.example", jti="same", exp=exp)
    replays.note(issuer="https://two.example", jti="same", exp=exp)

    with pytest.raises(Refused) as refused:
        replays.note(issuer="https://two.example", jti="same", exp=exp)
    assert refused.value.reason == Reason.REPLAYED


def test_the_table_itself_keeps_an_assertion_once(db: None) -> None:
    SeenAssertion.objects.create(digest="d", expires_time=timezone.now())

    with pytest.raises(IntegrityError), transaction.atomic():
        SeenAssertion.objects.create(digest="d", expires_time=timezone.now())


def seen(*, seconds_ago: int, count: int = 1) -> None:
    expired = timezone.now() - timedelta(seconds=seconds_ago)
    SeenAssertion.objects.bulk_create(
        SeenAssertion(digest=f"{seconds_ago} {number}", expires_time=expired)
        for number in range(count)
    )


def test_what_has_expired_is_forgotten_and_what_may_still_be_good_is_not(
    db: None,
) -> None:
    seen(seconds_ago=121, count=3)
    seen(seconds_ago=60)

    assert replays.prune() == 3

    assert SeenAssertion.objects.get().digest == "60 0"


def test_a_sign_in_forgets_some_of_what_has_expired(alice: Any, come: Any) -> None:
    seen(seconds_ago=3600, count=150)

    come(ALICE)

    # Fifty that wait for the next one, and the one of this sign-in.
    assert SeenAssertion.objects.count() == 51
