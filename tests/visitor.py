"""A person at a box's portal, by HTTP."""

from html.parser import HTMLParser
from typing import Self

import requests


class Visitor:
    """Gets pages as somebody who is signed in, or as nobody."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def sign_in(self, username: str, password: str) -> None:
        """Sign in by the form, as a browser does."""
        page = self.get("/login")
        answer = self.session.post(
            f"{self.url}/login",
            data={
                "username": username,
                "password": password,
                "csrfmiddlewaretoken": _token_in(page.text),
            },
            headers={"Referer": f"{self.url}/login"},
            timeout=30,
        )
        assert answer.ok, f"signing in answers {answer.status_code}"
        assert self.session.cookies.get("sessionid"), f"{username} was not let in"

    def get(self, path: str, **headers: str) -> requests.Response:
        """Get a page or a file; `headers` with `_` for `-`."""
        return self.session.get(
            self.url + path,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            timeout=60,
        )


class _Token(HTMLParser):
    value = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        if tag == "input" and fields.get("name") == "csrfmiddlewaretoken":
            self.value = fields.get("value") or ""


def _token_in(page: str) -> str:
    parser = _Token()
    parser.feed(page)
    assert parser.value, "the page has no form with a CSRF token"
    return parser.value
