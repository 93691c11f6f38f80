"""Whether two IDs may mean one person, and whether two people may be one. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher

# Two names as alike as this may be one name, mistyped.
ALIKE = 0.75
LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, order=True)
class Person:
    """Who a header says was scanned: PatientName, PatientBirthDate, PatientSex."""

    name: str
    birth_date: str
    sex: str


def are_two(one: Person, other: Person) -> bool:
    """Say whether these are clearly two people; what is missing says nothing."""
    if _differ(one.birth_date, other.birth_date):
        return True
    sexes = {one.sex.upper()[:1], other.sex.upper()[:1]}
    return sexes == {"F", "M"} or _names_differ(one.name, other.name)


def may_be_one(one: Person, other: Person) -> bool:
    """Say whether name and birth date are there and the same."""
    words = _words(one.name)
    born = _digits(one.birth_date)
    return (
        bool(words and born)
        and words == _words(other.name)
        and born == _digits(other.birth_date)
    )


def same_id(one: str, other: str) -> bool:
    """Say whether two IDs differ only by case, separators or leading zeros."""
    ones, others = (LEADING_ZEROS.sub("", text.casefold()) for text in (one, other))
    if bare(one) != bare(other):
        return False
    # "1-12" is not "11-2", although both are 112 without the separator.
    numbers, other_numbers = re.findall(r"\d+", ones), re.findall(r"\d+", others)
    return len(numbers) != len(other_numbers) or numbers == other_numbers


def bare(identifier: str) -> str:
    """Return an ID without case, separators and leading zeros."""
    return SEPARATORS.sub("", LEADING_ZEROS.sub("", identifier.casefold()))


def _names_differ(one: str, other: str) -> bool:
    words, others = _words(one), _words(other)
    if not words or not others or words <= others or others <= words:
        return False
    text, other_text = ("".join(sorted(each)) for each in (words, others))
    return SequenceMatcher(a=text, b=other_text, autojunk=False).ratio() < ALIKE


def _words(name: str) -> frozenset[str]:
    """Return the words of a person's name (PS3.5 6.2.1.1), whatever their spelling."""
    first = next((part for part in name.split("=") if part.strip(" ^")), "")
    plain = unicodedata.normalize("NFKD", first.casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return frozenset(SEPARATORS.sub(" ", letters).split())


def _digits(date: str) -> str:
    return re.sub(r"\D", "", date)


def _differ(one: str, other: str) -> bool:
    return bool(_digits(one) and _digits(other) and _digits(one) != _digits(other))
