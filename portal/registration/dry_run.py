"""What rules would say of every series that is here if it came now; no change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import batched, islice
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from portal.catalogue.models import DatafileParameterSet, Experiment, Series
from portal.registration import parameters_compared, parking
from portal.registration.announcement import DoesNotFit
from portal.registration.experiments import operators_of
from portal.registration.models import ParkedSeries
from portal.registration.parameters_compared import Vocabulary
from portal.sharing.models import Grant
from rules.answer import NO_ANSWER, Answer, with_answer
from rules.decide import Decision, NoDecision, Origin, decide
from rules.explain import Explanation, explain
from rules.rule import Rules

# Headers are long, and there may be very many.
AT_ONCE = 100
OUTCOMES = ("same", "otherwise", "parked", "decided")
SAME, OTHERWISE, PARKED, DECIDED = OUTCOMES

Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Sent:
    """A series' header and sender, and where it is, as `dataset 417`."""

    series_uid: str
    where: str
    header: Mapping[str, Any]
    origin: Origin
    # What a person has said when it was parked; it stands.
    answer: Answer = NO_ANSWER

    def sent_by(
        self, *, calling_ae: str | None, called_ae: str | None, address: str | None
    ) -> "Sent":
        """Return it as if others had sent it; what is None stays."""
        known = self.origin
        origin = Origin(
            known.calling_ae if calling_ae is None else calling_ae,
            known.called_ae if called_ae is None else called_ae,
            known.address if address is None else address,
        )
        return replace(self, origin=origin)

    def explained(self, rules: Rules) -> Explanation:
        """Return what the rules say of it, and why."""
        answered, site = with_answer(rules, self.answer), settings.SITE_NAME
        found = explain(self.header, self.origin, answered, facility=site)
        if found.decision is None:
            return found
        reasons = (*found.decision.reasons, *self.answer.reasons)
        return replace(found, decision=replace(found.decision, reasons=reasons))

    def decided(self, rules: Rules) -> Decision:
        """Return what the rules say of it. Raises NoDecision."""
        answered, site = with_answer(rules, self.answer), settings.SITE_NAME
        return decide(self.header, self.origin, answered, facility=site)


@dataclass(frozen=True)
class Difference:
    """One answer: what the catalogue has, and what the rules would say."""

    what: str
    now: str
    then: str


@dataclass(frozen=True)
class Outcome:
    """What would become of a series: `same`, `otherwise`, `parked`, or `decided`.

    The last is one that is parked now and that the rules have an answer for.
    """

    series_uid: str
    where: str
    outcome: str
    rule: str = ""
    reason: str = ""
    differences: tuple[Difference, ...] = ()


def count() -> int:
    """Return how many series there are to look at."""
    return Series.objects.count() + parking.waiting().count()


def look(rules: Rules, *, limit: int | None = None) -> Iterator[Outcome]:
    """Yield what would become of each series, parked ones first, the newest first."""
    return islice(_all(rules), limit)


def sent(word: str) -> Sent | None:
    """Return the series of a SeriesInstanceUID, a dataset or a parked series.

    A number alone is a dataset's, or else a parked series'; `parked/3` is the latter.
    """
    kind, _, number = word.strip("/").rpartition("/")
    if not number.isascii() or not number.replace(".", "").isdecimal():
        return None
    is_row = number.isdecimal() and len(number) < 19
    if kind in ("", "dataset"):
        by_uid = Series.objects.filter(series_uid=number)
        by_row = Series.objects.filter(dataset=int(number)) if is_row else by_uid
        series = by_uid.first() or by_row.first()
        if series:
            return _of_series(series, _answers())
    if kind in ("", "parked"):
        uids = ParkedSeries.objects.filter(series_uid=number)
        rows = ParkedSeries.objects.filter(pk=int(number)) if is_row else uids
        parked = uids.first() or rows.first()
        if parked:
            return _of_parked(parked)
    return None


@dataclass(frozen=True)
class _Known:
    """What all series are looked at with: answers, first series, schemas."""

    answers: Answers
    firsts: frozenset[int]
    vocabulary: Vocabulary


def _all(rules: Rules) -> Iterator[Outcome]:
    for parked in parking.waiting().iterator(chunk_size=AT_ONCE):
        yield _outcome_of_parked(parked, rules)
    known = _Known(_answers(), _firsts(), Vocabulary.of_the_catalogue())
    every = _series().iterator(chunk_size=AT_ONCE)
    for some in batched(every, AT_ONCE, strict=False):
        of_files = parameters_compared.of_first_files(some)
        for series in some:
            of_file = of_files.get(series.dataset_id, [])
            yield _outcome_of_series(series, of_file, rules, known)


def _firsts() -> frozenset[int]:
    """Return the series that gave their experiments title and institution."""
    firsts = Series.objects.order_by("study__experiment_id", "pk")
    keys = firsts.distinct("study__experiment_id").values_list("pk", flat=True)
    return frozenset(keys)


def _series() -> QuerySet[Series]:
    grants = Grant.objects.select_related("user", "group")
    series = (
        Series.objects.select_related(
            "study__experiment__facility",
            "study__experiment__project",
            "dataset__instrument",
        )
        .prefetch_related(Prefetch("study__experiment__grants", grants))
        .order_by("-pk")
    )
    return parameters_compared.with_parameters(series)


def _outcome_of_parked(parked: ParkedSeries, rules: Rules) -> Outcome:
    one = _of_parked(parked)
    stays = Outcome(one.series_uid, one.where, SAME, reason=parked.reason)
    if not one.header:
        return stays
    try:
        decision = one.decided(rules)
    except NoDecision as question:
        return replace(stays, reason=question.reason)
    return Outcome(one.series_uid, one.where, DECIDED, decision.rule)


def _outcome_of_series(
    series: Series,
    of_file: Iterable[DatafileParameterSet],
    rules: Rules,
    known: _Known,
) -> Outcome:
    one = _of_series(series, known.answers)
    try:
        decision = one.decided(rules)
        known.vocabulary.refuse_another_level(decision)
    except (NoDecision, DoesNotFit) as question:
        return Outcome(one.series_uid, one.where, PARKED, reason=question.reason)
    is_first = series.pk in known.firsts
    found = {
        **_compared(series, decision, is_first=is_first),
        **parameters_compared.of_series(series, decision, of_file, known.vocabulary),
    }
    if not series.study.placed_by_hand:
        found |= parameters_compared.of_experiment(
            series, decision, known.vocabulary, is_first=is_first
        )
    differences = tuple(
        Difference(what, now, then)
        for what, (now, then) in found.items()
        if now != then
    )
    outcome = OTHERWISE if differences else SAME
    return Outcome(
        one.series_uid, one.where, outcome, decision.rule, differences=differences
    )


def _compared(
    series: Series, decision: Decision, *, is_first: bool
) -> dict[str, tuple[str, str]]:
    """Return what the catalogue has and what the decision says, by question.

    What a person has put where it is, is not compared in what follows from its place.
    `is_first` is for the series that gave the experiment its title.
    """
    dataset, experiment = series.dataset, series.study.experiment
    instrument = dataset.instrument.name if dataset.instrument else ""
    compared = {
        "rule": (series.rule, decision.rule[:255]),
        "instrument": (instrument, decision.instrument[:255]),
        "dataset title": (dataset.description, decision.dataset_title[:1000]),
    }
    if series.study.placed_by_hand:
        return compared
    compared |= {
        "facility": (_name_of(experiment.facility), decision.facility[:255]),
        "project": (
            experiment.project.number if experiment.project else "",
            decision.project[:100],
        ),
        "experiment key": (experiment.key or "", decision.experiment_key),
        "let in too": ("", ", ".join(_newcomers(experiment, decision))),
    }
    if is_first:
        # Title and institution are those that the experiment's first series gave it.
        title, institution = decision.experiment_title, decision.institution.name
        compared |= {
            "experiment title": (experiment.title, title[:400]),
            "institution": (experiment.institution_name, institution[:400]),
        }
    return compared


def _name_of(thing: object) -> str:
    return str(thing) if thing else ""


def _newcomers(experiment: Experiment, decision: Decision) -> list[str]:
    """Return whom the decision names, and nobody has let in yet.

    Whoever's grant was ended counts as known: a rule does not give it again.
    """
    known = {
        grant.user.email.lower() if grant.user else str(grant.group).lower()
        for grant in experiment.grants.all()
    }
    operators = [operators_of(decision)] if decision.operators else []
    named = [*decision.people, *(name[:150] for name in decision.groups), *operators]
    return sorted({name for name in named if name.lower() not in known})


def _answers() -> Answers:
    """Return what people have answered, by Orthanc's name of the series."""
    answered = ParkedSeries.objects.exclude(answer={})
    return {
        name: Answer(**answer)
        for name, answer in answered.values_list("orthanc_series", "answer")
    }


def _of_series(series: Series, answers: Answers) -> Sent:
    return Sent(
        series.series_uid,
        f"dataset {series.dataset_id}",
        series.header,
        Origin(series.calling_ae, series.called_ae, series.sender_address),
        answers.get(series.orthanc_series, NO_ANSWER),
    )


def _of_parked(parked: ParkedSeries) -> Sent:
    return Sent(
        parked.series_uid,
        f"parked series {parked.pk}",
        parked.header,
        Origin(parked.calling_ae, parked.called_ae, parked.sender_address),
        Answer(**parked.answer),
    )
