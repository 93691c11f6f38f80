"""Whose address the trail gets."""

import pytest
from django.test import RequestFactory

from portal.web.middleware import address_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        (2, "203.0.113.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "192.0.2.1", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>", None),
        (1, "", None),
        (0, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_only_what_our_own_proxies_saw_is_believed(
    settings, proxies, forwarded, address
):
    settings.PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})

    assert address_of(request) == address
