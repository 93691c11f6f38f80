"""Find or make what a series hangs on: facility, project, experiment, study, visit."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.people import group_named, person_with_email
from portal.catalogue.leading import living
from portal.catalogue.models import (
    Experiment,
    Facility,
    Instrument,
    Study,
    Subject,
    Visit,
)
from portal.catalogue.projects import project_numbered
from portal.notices import news
from portal.registration import places, rule_parameters, values
from portal.registration.announcement import Batch, DoesNotFit
from portal.sharing.grants import grant
from portal.sharing.models import Grant
from rules.decide import Decision
from rules.question import Question

# A scan of these days is news to its people, and its grant a while after it was made.
LATELY = timedelta(days=7)
FRESH = timedelta(minutes=10)


def study_of(batch: Batch) -> Study:
    """Return the batch's study, in the experiment that its rule's key names.

    A study that is there stays in its experiment, whatever the rules say by now. Those
    whom the decision names are let in, in this transaction, but not to what a person
    has put where it is: who sees that was decided then.
    """
    # A person may be moving it in this moment, with the datasets that it has. They lock
    # experiments before studies, and so does this.
    theirs = Experiment.objects.filter(studies__study_uid=batch.study_uid)
    list(theirs.select_for_update(of=["self"], no_key=True))
    studies = Study.objects.select_for_update(no_key=True)
    study = studies.filter(study_uid=batch.study_uid).first()
    if study:
        refuse_another_patient(batch, study)
        places.refuse_elsewhere(batch, study)
        places.refuse_another_project(batch, study)
        _let_in(study.experiment, batch, by_hand=study.placed_by_hand)
        if not study.placed_by_hand:
            rule_parameters.write_for_experiment(study.experiment, batch.decision)
        return study
    named = places.answered_experiment(batch)
    wanted = named or _experiment_of(batch)
    experiment = living(wanted)
    by_hand = named is not None or experiment.pk != wanted.pk
    _let_in(experiment, batch, by_hand=by_hand)
    if not by_hand:
        rule_parameters.write_for_experiment(experiment, batch.decision)
    return Study.objects.create(
        study_uid=batch.study_uid,
        experiment=experiment,
        placed_by_hand=by_hand,
        visit=_visit_of(batch, experiment),
        description=values.text(batch.header, "StudyDescription"),
        date=values.day(batch.header, "StudyDate"),
        time=values.time_of_day(batch.header, "StudyTime"),
        utc_offset=values.text(batch.header, "TimezoneOffsetFromUTC", 16),
        accession_number=values.text(batch.header, "AccessionNumber"),
        patient_id=values.text(batch.header, "PatientID"),
        patient_name=values.text(batch.header, "PatientName", 1000),
    )


def instrument_of(decision: Decision) -> Instrument:
    """Return the decision's instrument, made with its facility if need be."""
    return Instrument.objects.get_or_create(
        facility=_facility_named(decision.facility),
        name=decision.instrument[:255],
    )[0]


def refuse_another_patient(batch: Batch, study: Study) -> None:
    """Refuse a study UID that comes back with another patient's ID.

    Unless a person has said that both mean the same one.
    """
    patient_id = values.text(batch.header, "PatientID")
    if patient_id == study.patient_id or batch.answer.same_patient:
        return
    raise DoesNotFit(
        f"The study {batch.study_uid} is known with another PatientID than the one "
        "that this series was sent with.",
        "Find out whose study it is, and say so here: the same person, or another one. "
        "Or correct the ID at the scanner and send the series again.",
        Question.PATIENT,
    )


def _experiment_of(batch: Batch) -> Experiment:
    decision = batch.decision
    facility = _facility_named(decision.facility)
    project = project_numbered(decision.project) if decision.project else None
    # Locked, since a person may be merging or emptying it in this moment.
    held = Experiment.objects.select_for_update(no_key=True)
    experiment, made = held.get_or_create(
        key=decision.experiment_key,
        defaults={
            "title": decision.experiment_title[:400],
            "institution_name": decision.institution.name[:400],
            "facility": facility,
            "project": project,
        },
    )
    if not made and experiment.project_id != (project.pk if project else None):
        raise DoesNotFit(
            f"The rule's experiment key leads to experiment {experiment.pk}, which "
            f"belongs to {experiment.project or 'no project'}; this series says "
            f"{project or 'no project'}.",
            "Put it into an experiment by hand, correct the project in the header, or "
            "make the rule's experiment_key contain the project.",
            Question.EXPERIMENT,
        )
    if not made and experiment.facility_id != facility.pk:
        raise DoesNotFit(
            f"The rule's experiment key leads to experiment {experiment.pk}, which "
            f"belongs to the facility {experiment.facility}; this series says "
            f"{facility}.",
            "Put it into an experiment by hand, or make the rule's experiment_key "
            "differ between facilities.",
            Question.EXPERIMENT,
        )
    return experiment


def _let_in(experiment: Experiment, batch: Batch, *, by_hand: bool) -> None:
    decision = batch.decision
    reason = f'rule "{decision.rule}"' if decision.rule else "the default rule"
    # In one order always: two series that make the same people do not wait in a circle.
    if experiment.project:
        group = experiment.project.group
        _tell(grant(experiment, to=group, reason=str(experiment.project)), batch)
    if by_hand:
        return
    # Operators see that a scan arrived; the pictures are those of its project's people.
    levels = {name[:150]: Grant.Level.DOWNLOAD for name in decision.groups}
    if decision.operators:
        levels.setdefault(operators_of(decision), Grant.Level.READ)
    for name, level in sorted(levels.items()):
        grant(experiment, to=group_named(name), reason=reason, level=level)
    people = {
        email: _person(email, reason)
        for email in sorted({*decision.people, *decision.operators}, key=str.lower)
    }
    for email in sorted(decision.people, key=str.lower):
        _tell(grant(experiment, to=people[email], reason=reason), batch)
    if decision.operators:
        members = [people[email] for email in decision.operators]
        group_named(operators_of(decision)).user_set.add(*members)


def _tell(given: Grant, batch: Batch) -> None:
    """Have people told by mail of scans of theirs that were made in these days.

    Not of an archive that is sent in one go: nobody reads a thousand mails.
    """
    day = values.day(batch.header, "StudyDate")
    is_new = timezone.now() - given.created_time < FRESH
    if is_new and day and timezone.localdate() - day < LATELY:
        news.granted(given)


def operators_of(decision: Decision) -> str:
    """Return the name of the group of the instrument's operators."""
    return f"OPERATOR :: {decision.instrument}"[:150]


def _person(email: str, reason: str) -> User:
    try:
        return person_with_email(email)
    except ValidationError:
        raise DoesNotFit(
            f"The {reason} gives access to {email!r}, which is no e-mail address.",
            "Correct `people` and `operators` in the rules, or the header field that "
            "they are made from.",
            Question.PEOPLE,
        ) from None


def _facility_named(name: str) -> Facility:
    known = Facility.objects.filter(name=name[:255]).first()
    if known:
        return known
    managers = group_named(f"Managers of {name}"[:150])
    return Facility.objects.get_or_create(
        name=name[:255], defaults={"manager_group": managers}
    )[0]


def _visit_of(batch: Batch, experiment: Experiment) -> Visit | None:
    """Return the subject's visit on the study's day, if both are known."""
    identifier = values.text(batch.header, "PatientID")
    day = values.day(batch.header, "StudyDate")
    if not identifier or not day or not experiment.facility:
        return None
    held = Subject.objects.select_for_update(no_key=True)
    subject, _ = held.get_or_create(
        facility=experiment.facility,
        project=experiment.project,
        identifier=identifier,
    )
    return Visit.objects.get_or_create(subject=living(subject), date=day)[0]
