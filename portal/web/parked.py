"""What the pages of parked series have in common: who may see them, lists, fields."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.http import Http404, QueryDict
from django.utils import timezone

from portal.accounts.by import By
from portal.accounts.models import User
from portal.catalogue.models import Experiment
from portal.registration import answers, forgetting, suggestions, together
from portal.registration.answers import CannotAnswer, Deed
from portal.registration.models import ParkedSeries
from portal.sharing import access
from portal.web import paging, states
from portal.web.request import Request
from rules.question import Question

TOGETHER = 50
# Of how many experiments the newest are offered; any other is found by its number.
EXPERIMENTS_OFFERED = 200
# How many reasons and senders are offered; by its address a list can have any.
GROUPS_OFFERED = 12
LONGEST_KEY = 18
State = ParkedSeries.State

REASONS: dict[str, str] = {
    Question.HEADER: "unreadable header",
    Question.UID: "missing or illegal UID",
    Question.UNMATCHED: "no rule matches",
    Question.PROJECT: "project missing or mistyped",
    Question.KEY: "no key of an experiment",
    Question.EXPERIMENT: "another project or experiment",
    Question.PATIENT: "another PatientID",
    Question.STUDY: "UID of another study’s series",
    Question.PEOPLE: "people who cannot be let in",
    Question.FAILED: "something failed",
    Question.LOST: "files are gone",
    Question.OTHER: "other",
}


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to: a reason, by the word of its question, a sender."""

    reason: str = ""
    sender: str | None = None

    @classmethod
    def of(cls, sent: QueryDict, *, before: str = "") -> Self:
        """Return the filter in an address; or in a form, where names begin so."""
        sender = sent.get(f"{before}sender")
        return cls(
            _plain(sent.get(f"{before}reason", "")),
            None if sender is None else _plain(sender),
        )

    def among(self, rows: QuerySet[ParkedSeries]) -> QuerySet[ParkedSeries]:
        """Return those of the series that it leaves."""
        if self.reason:
            rows = rows.filter(question=self.reason)
        return rows if self.sender is None else rows.filter(calling_ae=self.sender)

    @property
    def kept(self) -> str:
        """The filter as it stands in an address, before whatever else does."""
        named = {"reason": self.reason or None, "sender": self.sender}
        said = {name: word for name, word in named.items() if word is not None}
        return f"{urlencode(said)}&" if said else ""

    @property
    def words(self) -> str:
        """What it leaves, in words."""
        reason = REASONS.get(self.reason, "")
        sender = None if self.sender is None else self.sender or "an unnamed scanner"
        return ", ".join(filter(None, [reason, sender and f"from {sender}"]))


@dataclass(frozen=True)
class Choice:
    """A reason and sender by which a list can be narrowed."""

    words: str
    count: int
    kept: str


def choices_among(rows: QuerySet[ParkedSeries]) -> list[Choice]:
    """Return what a list can be narrowed to; nothing where it is all alike."""
    groups = together.groups_of(rows)
    if len(groups) < 2:
        return []
    filters = [(Filter(one.question, one.sender), one) for one in groups]
    offered = filters[:GROUPS_OFFERED]
    return [Choice(one.words, group.count, one.kept) for one, group in offered]


def visible(request: Request, rows: QuerySet[ParkedSeries]) -> QuerySet[ParkedSeries]:
    """Return those of the series that the visitor may see; 404 for who may see none."""
    if not access.may_see_parked_series(request.user):
        raise Http404
    return access.parked_visible_to(request.user, rows)


def listed(
    request: Request,
    rows: QuerySet[ParkedSeries],
    *,
    chosen: Filter,
    new: Set[int] = frozenset(),
) -> dict[str, object]:
    """Return what a list of series shows, and the form that answers for several."""
    counted = (
        chosen.among(rows)
        .select_related("picture")
        .annotate(
            instance_count=Count("instances"),
            size_bytes=Sum("instances__size_bytes", default=0),
        )
    )
    page = paging.page_of(request, counted, TOGETHER)
    return {
        "page": page,
        "series": [(one, state_of(one), one.pk in new) for one in page.object_list],
        "filter": chosen,
        "kept": chosen.kept,
        "choices": choices_among(rows),
        "seen": timezone.now().isoformat(),
        "ticked": request.POST.getlist("series"),
        "typed": request.POST,
        **places_offered(request),
    }


def places_offered(request: Request) -> dict[str, object]:
    """Return the projects and experiments that a form offers to the visitor."""
    mine = access.experiments_put_right_by(request.user)
    return {
        "projects": suggestions.known_projects(),
        "experiments": mine.order_by("-pk")[:EXPERIMENTS_OFFERED],
    }


def state_of(found: ParkedSeries) -> states.State:
    """Return the state of a parked series, with what comes next."""
    if found.state == State.REGISTERED:
        return states.REGISTERED
    if found.state == State.IGNORED:
        return states.IGNORED
    if forgetting.is_asked(found):
        return states.FORGETTING
    return states.AGAIN if found.state == State.AGAIN else states.PARKED


def by_visitor(request: Request) -> By:
    """Return who sends a form, and why."""
    user = request.user if isinstance(request.user, User) else None
    return By(user, field_of(request, "reason"))


def place_in(request: Request) -> Deed:
    """Return the answer that names a place. Raises CannotAnswer where there is none."""
    if field_of(request, "experiment"):
        return answers.into_experiment(_chosen_experiment(request))
    return answers.into_project(
        field_of(request, "project"), may_be_new="new" in request.POST
    )


def field_of(request: Request, name: str) -> str:
    """Return a field of the form, without what PostgreSQL cannot keep."""
    return _plain(request.POST.get(name, ""))


def key_in(text: str) -> int | None:
    """Return a key of the database, if it is one that there can be."""
    is_one = text.isdecimal() and text.isascii() and len(text) <= LONGEST_KEY
    return int(text) if is_one else None


def _chosen_experiment(request: Request) -> Experiment:
    """Return the experiment that was typed. Raises CannotAnswer for any other."""
    number = field_of(request, "experiment").split(maxsplit=1)[0]
    mine = access.experiments_put_right_by(request.user)
    key = key_in(number)
    chosen = mine.filter(pk=key).first() if key is not None else None
    if chosen is None:
        raise CannotAnswer(
            f"There is no experiment {number} that you may add to. Its number stands "
            "in the address of its page."
        )
    return chosen


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()[:1000]
