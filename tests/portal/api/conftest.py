"""The ingest daemon's side of its calls."""

from http import HTTPStatus

import pytest


@pytest.fixture
def call(client, settings):
    """Make a call of the ingest daemon; return the status and the answer."""

    def post(name, body, *, key=None):
        expected = f"ApiKey ingest:{settings.INGEST_API_KEY}"
        answer = client.post(
            f"/api/v1/ingest/{name}",
            body,
            content_type="application/json",
            headers={"authorization": expected if key is None else key},
        )
        return HTTPStatus(answer.status_code), answer.json()

    return post
