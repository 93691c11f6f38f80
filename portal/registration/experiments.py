"""Find or make what a series hangs on: facility, project, experiment, study, visit."""

from django.core.exceptions import ValidationError

from portal.accounts.people import group_named, person_with_email
from portal.catalogue.models import (
    Experiment,
    Facility,
    Instrument,
    Project,
    Study,
    Subject,
    Visit,
)
from portal.registration import values
from portal.registration.announcement import Batch, DoesNotFit
from portal.sharing.grants import grant
from rules.decide import Decision


def study_of(batch: Batch) -> Study:
    """Return the batch's study, in the experiment that its rule's key names.

    A study that is there stays in its experiment, whatever the rules say by now. Those
    whom the decision names are let in, in this transaction.
    """
    study = (
        Study.objects.filter(study_uid=batch.study_uid)
        .select_related("experiment")
        .first()
    )
    if study:
        refuse_another_patient(batch, study)
        _let_in(study.experiment, batch.decision)
        return study
    experiment = _experiment_of(batch)
    _let_in(experiment, batch.decision)
    return Study.objects.create(
        study_uid=batch.study_uid,
        experiment=experiment,
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
    """Refuse a study UID that comes back with another patient's ID."""
    patient_id = values.text(batch.header, "PatientID")
    if patient_id == study.patient_id:
        return
    raise DoesNotFit(
        f"The study {batch.study_uid} is known with another PatientID than the one "
        "that this series was sent with.",
        "Find out whose study it is; correct the ID at the scanner and send again, "
        "or assign the series by hand.",
    )


def _experiment_of(batch: Batch) -> Experiment:
    decision = batch.decision
    facility = _facility_named(decision.facility)
    project = _project_numbered(decision.project)
    experiment, made = Experiment.objects.get_or_create(
        key=decision.experiment_key,
        defaults={
            "title": decision.experiment_title[:400],
            "institution_name": values.text(batch.header, "InstitutionName", 400),
            "facility": facility,
            "project": project,
        },
    )
    if not made and experiment.project_id != (project.pk if project else None):
        raise DoesNotFit(
            f"The rule's experiment key leads to experiment {experiment.pk}, which "
            f"belongs to {experiment.project or 'no project'}; this series says "
            f"{project or 'no project'}.",
            "Correct the project in the header or make the rule's experiment_key "
            "contain the project.",
        )
    if not made and experiment.facility_id != facility.pk:
        raise DoesNotFit(
            f"The rule's experiment key leads to experiment {experiment.pk}, which "
            f"belongs to the facility {experiment.facility}; this series says "
            f"{facility}.",
            "Make the rule's experiment_key differ between facilities.",
        )
    return experiment


def _let_in(experiment: Experiment, decision: Decision) -> None:
    reason = f'rule "{decision.rule}"' if decision.rule else "the default rule"
    if experiment.project:
        grant(experiment, to=experiment.project.group, reason=str(experiment.project))
    for name in decision.groups:
        grant(experiment, to=group_named(name[:150]), reason=reason)
    for email in decision.people:
        try:
            person = person_with_email(email)
        except ValidationError:
            raise DoesNotFit(
                f"The {reason} gives access to {email!r}, which is no e-mail address.",
                "Correct `people` in the rules, or the header field it is made from.",
            ) from None
        grant(experiment, to=person, reason=reason)


def _facility_named(name: str) -> Facility:
    known = Facility.objects.filter(name=name[:255]).first()
    if known:
        return known
    managers = group_named(f"Managers of {name}"[:150])
    return Facility.objects.get_or_create(
        name=name[:255], defaults={"manager_group": managers}
    )[0]


def _project_numbered(number: str) -> Project | None:
    if not number:
        return None
    known = Project.objects.filter(number=number[:100]).first()
    if known:
        return known
    group = group_named(f"Project {number}"[:150])
    return Project.objects.get_or_create(
        number=number[:100], defaults={"group": group}
    )[0]


def _visit_of(batch: Batch, experiment: Experiment) -> Visit | None:
    """Return the subject's visit on the study's day, if both are known."""
    identifier = values.text(batch.header, "PatientID")
    day = values.day(batch.header, "StudyDate")
    if not identifier or not day or not experiment.facility:
        return None
    subject, _ = Subject.objects.get_or_create(
        facility=experiment.facility,
        project=experiment.project,
        identifier=identifier,
    )
    return Visit.objects.get_or_create(subject=subject, date=day)[0]
