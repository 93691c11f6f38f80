"""Header fields as text, what they are matched with, and templates that they fill."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# A series' header: keyword → text, number, or a list; sequences are lists of objects.
Header = Mapping[str, Any]

# A field of no keyword goes by its tag, in lower case: a private one, mostly.
TAG = re.compile(r"\([0-9a-fA-F]{4},[0-9a-fA-F]{4}\)")
PLACEHOLDER = re.compile(rf"\{{([A-Za-z][A-Za-z0-9]*|{TAG.pattern})\}}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def values_of(header: Header, keyword: str) -> list[str]:
    """Return a field's values as clean single-line texts; none where it is empty."""
    value = header.get(keyword)
    values = value if isinstance(value, list) else [value]
    texts = [plain(one) for one in values if isinstance(one, str | int | float)]
    return [text for text in texts if text]


def text_of(header: Header, keyword: str) -> str:
    """Return a field as one text, several values joined by a comma; "" if missing."""
    return ", ".join(values_of(header, keyword))


def tag_number(word: str) -> int | None:
    """Return the number of a tag written as (0019,100C); None for what is no tag."""
    return int(word[1:5] + word[6:10], 16) if TAG.fullmatch(word) else None


def plain(value: str | float) -> str:
    """Return a value as text; a whole number without its point (DS 30 is 30.0)."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(CONTROL.sub(" ", str(value)).split())


@dataclass(frozen=True)
class Pattern:
    """What a field is compared with: a value, a `glob*`, or a `/regular expression/`.

    Each is compared with the whole value. Values and globs look past upper and lower
    case; the empty pattern is for a field that is missing or empty.
    """

    text: str

    def matches(self, values: list[str]) -> bool:
        """Say whether one of a field's values is what the pattern means."""
        if not self.text:
            return not values
        return any(self._compiled.fullmatch(value) for value in values)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        if len(self.text) > 2 and self.text.startswith("/") and self.text.endswith("/"):
            return re.compile(self.text[1:-1])
        if set(self.text) & set("*?["):
            return re.compile(fnmatch.translate(self.text), re.IGNORECASE)
        return re.compile(re.escape(" ".join(self.text.split())), re.IGNORECASE)

    def check(self) -> None:
        """Raise re.error for a regular expression that is none."""
        _ = self._compiled


@dataclass(frozen=True)
class Template:
    """A text with `{Field}` in it, to be filled from a header."""

    text: str

    @property
    def keywords(self) -> list[str]:
        """The names in braces, in order."""
        return PLACEHOLDER.findall(self.text)

    def renamed(self, names: Mapping[str, str]) -> "Template":
        """Return the template with other names in its braces."""
        return Template(
            PLACEHOLDER.sub(
                lambda match: f"{{{names.get(match[1], match[1])}}}", self.text
            )
        )

    @property
    def has_stray_brace(self) -> bool:
        """Whether a brace is left that is not around a field's name."""
        return bool(set("{}") & set(PLACEHOLDER.sub("", self.text)))

    def fill(self, header: Header, *, for_reading: bool) -> str | None:
        """Return the text, or None where one of its fields is missing.

        `for_reading` writes dates as 2026-03-01 and names without carets; without it,
        as for keys, values stay as they were sent.
        """
        if not all(text_of(header, keyword) for keyword in self.keywords):
            return None

        def value(match: re.Match[str]) -> str:
            text = text_of(header, match[1])
            return _readable(match[1], text) if for_reading else text

        return PLACEHOLDER.sub(value, self.text).strip()


def first_filled(
    templates: tuple[Template, ...], header: Header, *, for_reading: bool
) -> str | None:
    """Return the first of several templates that the header can fill."""
    for template in templates:
        text = template.fill(header, for_reading=for_reading)
        if text:
            return text
    return None


def _readable(keyword: str, text: str) -> str:
    if keyword.endswith("Date") and re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return " ".join(text.replace("^", " ").split())
