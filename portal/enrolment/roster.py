"""The booking system's list, as people save it: CSV → who is in which project.

RFC 4180 in UTF-8; commas, semicolons or tabs. A row that cannot be understood becomes a
problem with its line, and every other row counts.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from portal.accounts.people import address_in
from portal.enrolment.errors import ListUnusable

DELIMITERS = ",;\t"
NEEDED = ("project", "email")
COLUMNS = (*NEEDED, "title", "name")
LONGEST = {"project": 100, "email": 254, "title": 255, "name": 300}
# With these a spreadsheet begins what it computes.
FORMULA_SIGNS = "=+-@"


@dataclass(frozen=True, order=True)
class Membership:
    """One person in one project, by number and by address in lower case."""

    project: str
    email: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with the row that begins on a line, and what to do."""

    line: int
    words: str


@dataclass(frozen=True)
class Roster:
    """Who is in which project; titles of projects and names of people, where given."""

    memberships: frozenset[Membership] = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read(content: bytes, *, digits: int = 0) -> Roster:
    """Return what a list says; project numbers of fewer digits get zeros in front.

    Where rows disagree about a title or a name, the first one's holds. Raises
    ListUnusable for what is no such list at all.
    """
    text = _decoded(content)
    delimiter, columns = _header(text)
    memberships = set()
    titles: dict[str, str] = {}
    names: dict[str, str] = {}
    problems = []
    for line, cells, fault in _rows(text, delimiter):
        try:
            row = _row(cells, columns, fault)
            project = _number(row["project"], digits)
            one = Membership(project, _address(row["email"]))
        except _Misfit as misfit:
            problems.append(Problem(line, str(misfit)))
            continue
        memberships.add(one)
        if row["title"]:
            titles.setdefault(one.project, row["title"])
        if row["name"]:
            names.setdefault(one.email, row["name"])
    return Roster(frozenset(memberships), titles, names, tuple(problems))


class _Misfit(Exception):
    """Why a row cannot be understood."""


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ListUnusable(
            f"The list is not UTF-8: line {line} has a byte that cannot be. Save it as "
            "“CSV UTF-8”."
        ) from None
    if not text.strip(f" \r\n{DELIMITERS}"):
        raise ListUnusable(
            "The list is empty. It needs a first row that names the columns: project, "
            "email, and perhaps title and name."
        )
    return text


def _header(text: str) -> tuple[str, list[str]]:
    """Return the delimiter with which the first row names the columns, and them."""
    first = next(line for line in text.splitlines() if line.strip(f" {DELIMITERS}"))
    for delimiter in DELIMITERS:
        try:
            cells = next(csv.reader([first], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        columns = [cell.strip().lower() for cell in cells]
        if all(columns.count(name) == 1 for name in NEEDED) and all(
            columns.count(name) <= 1 for name in COLUMNS
        ):
            return delimiter, columns
    raise ListUnusable(
        "The first row must name the columns: project and email, and perhaps title and "
        "name, each once, with commas, semicolons or tabs between. It says "
        f"{_shown(first)}."
    )


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield line, cells and fault of the rows after the header that say something."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    is_header = True
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], f"this is no row of CSV ({error}); look at its quotes"
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not is_header:
            yield line, cells, ""
        is_header = False


def _row(cells: list[str], columns: list[str], fault: str) -> dict[str, str]:
    """Return the cells that we know by their columns' names; a missing one is empty."""
    if fault:
        raise _Misfit(fault)
    if len(cells) > len(columns):
        raise _Misfit(
            f"there are {len(cells)} cells under {len(columns)} columns; what has a "
            "separator in it must stand in quotes"
        )
    cells = cells + [""] * (len(columns) - len(cells))
    row = dict.fromkeys(COLUMNS, "")
    for column, cell in zip(columns, cells, strict=True):
        if column in row:
            row[column] = _text(column, cell)
    return row


def _text(column: str, cell: str) -> str:
    """Return a cell with single spaces, if it is text that can be shown."""
    text = " ".join(cell.split())
    if text.startswith(tuple(FORMULA_SIGNS)):
        raise _Misfit(
            f"the {column} begins with {text[0]}, as a spreadsheet's formula does; "
            "write it without"
        )
    for sign in text:
        if not sign.isprintable():
            raise _Misfit(
                f"the {column} has a character that cannot be shown "
                f"(U+{ord(sign):04X}); write it anew"
            )
    if len(text) > LONGEST[column]:
        raise _Misfit(
            f"the {column} has {len(text):,} characters; at most {LONGEST[column]} fit"
        )
    return text


def _number(text: str, digits: int) -> str:
    if not text:
        raise _Misfit("there is no project; give its number")
    return text.zfill(digits) if text.isascii() and text.isdecimal() else text


def _address(text: str) -> str:
    if not text:
        raise _Misfit("there is no e-mail address; give the person's")
    try:
        return address_in(text)
    except ValidationError:
        raise _Misfit(f"{_shown(text)} is no e-mail address; correct it") from None


def _shown(text: str) -> str:
    """Return the beginning of a text so that nothing in it acts."""
    short = text if len(text) <= 60 else f"{text[:60]}…"
    return ascii(short) if not short.isprintable() else f"“{short}”"
