"""What a program may by a key: what its person may, as far as the key reaches."""

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from portal.accounts.by import By
from portal.accounts.keys import authenticate, make
from portal.accounts.models import ApiKey
from portal.catalogue.models import Datafile, Dataset, Experiment
from portal.registration import parking
from portal.sharing import access
from portal.sharing.models import Grant
from tests import dicom
from tests.portal.builders import make_dataset, make_experiment, set_aside

Public = Experiment.PublicAccess
Scope = ApiKey.Scope
DATA = {Experiment, Dataset, Datafile}


def questions() -> dict[str, Callable[..., Any]]:
    """Return the public functions of `access` that begin with who asks."""
    return {
        name: function
        for name, function in vars(access).items()
        if inspect.isfunction(function)
        and function.__module__ == access.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), "") == "user"
    }


def asked_of_a_person_alone(answer: type) -> dict[str, Callable[..., Any]]:
    """Return those that need no more than a person, and answer so."""
    return {
        name: function
        for name, function in questions().items()
        if len(inspect.signature(function).parameters) == 1
        and get_type_hints(function)["return"] is answer
    }


DATA_OF = [
    name
    for name, function in asked_of_a_person_alone(QuerySet).items()
    if function(AnonymousUser()).model in DATA
]
OFFICES = list(asked_of_a_person_alone(bool))
# They are about what may be changed, and by whom; not every key may.
CHANGING = {"experiments_put_right_by", "experiments_owned_by"}


@pytest.fixture
def other(facility, alice):
    """Another experiment of the same facility, with a dataset, that alice owns."""
    experiment = make_experiment(title="Other", facility=facility, owners=[alice])
    make_dataset(experiment)
    return experiment


@pytest.fixture
def acting():
    """Return a function that gives a person as a program acts for them by a new key."""

    def act(person, **allowed):
        _, key = make(person, name="program", by=By(), **allowed)
        return authenticate(person.username, key).user

    return act


def experiments_of(rows: QuerySet[Any]) -> set[int]:
    """Return the numbers of the experiments that rows of any kind belong to."""
    path = {Experiment: "pk", Dataset: "experiments", Datafile: "dataset__experiments"}
    return set(rows.values_list(path[rows.model], flat=True))


def test_the_questions_are_found():
    assert {
        "experiments_visible_to",
        "datasets_visible_to",
        "datafiles_visible_to",
        "datasets_downloadable_by",
        "datafiles_downloadable_by",
        "experiments_shared_with",
        "experiments_put_right_by",
    } <= set(DATA_OF)
    assert {"may_see_health", "may_see_parked_series", "may_see_flags"} <= set(OFFICES)


@pytest.mark.parametrize("question", DATA_OF)
@pytest.mark.parametrize("name", ["administrator", "carol", "alice"])
def test_t41_a_key_for_one_experiment_opens_no_other(
    request, acting, experiment, dataset, other, name, question
):
    make_experiment(public_access=Public.FULL)
    person = request.getfixturevalue(name)
    asked = questions()[question]

    for scope in Scope:
        program = acting(person, scope=scope, experiment=experiment.pk)
        may = experiments_of(asked(person)) & {experiment.pk}
        found = experiments_of(asked(program))
        assert found <= may
        if question not in CHANGING:
            assert found == may


@pytest.mark.parametrize("name", ["administrator", "carol", "alice", "bob", "mallory"])
def test_a_key_for_all_to_read_sees_what_its_person_sees(
    request, acting, dataset, other, name
):
    person = request.getfixturevalue(name)
    program = acting(person, scope=Scope.READ)

    for question in DATA_OF:
        if question not in CHANGING:
            asked = questions()[question]
            assert set(asked(program)) == set(asked(person)), question


@pytest.mark.parametrize("name", ["administrator", "carol", "alice"])
def test_t41_a_key_to_read_may_change_nothing(request, acting, experiment, other, name):
    program = acting(request.getfixturevalue(name), scope=Scope.READ)

    assert not access.experiments_put_right_by(program).exists()
    assert not access.may_put_right(program, Experiment.objects.all())
    assert not access.experiments_owned_by(program).exists()


@pytest.mark.parametrize("office", OFFICES)
@pytest.mark.parametrize("name", ["administrator", "carol"])
@pytest.mark.parametrize(
    "allowed",
    [
        {"scope": Scope.READ},
        {"scope": Scope.WRITE, "experiment": 1},
        {"scope": Scope.READ, "experiment": 1},
    ],
)
def test_a_narrow_key_holds_no_office_of_its_person(
    request, acting, facility, name, allowed, office
):
    program = acting(request.getfixturevalue(name), **allowed)

    assert questions()[office](program) is False
    assert not access.facilities_managed_by(program).exists()


def test_a_narrow_key_sees_no_parked_series(acting, administrator, carol, dataset):
    parked = parking.park(set_aside(dicom.make_series(instances=1)))
    rows = parking.every()
    assert list(access.parked_visible_to(carol, rows)) == [parked]

    for person in (administrator, carol):
        program = acting(person, scope=Scope.READ)
        assert not access.parked_visible_to(program, rows).exists()


@pytest.mark.parametrize("name", ["administrator", "carol"])
def test_a_key_that_allows_all_is_as_good_as_its_person(
    request, acting, dataset, other, name
):
    person = request.getfixturevalue(name)
    program = acting(person)

    for question in DATA_OF:
        asked = questions()[question]
        assert set(asked(program)) == set(asked(person)), question
    for office in OFFICES:
        assert questions()[office](program) is questions()[office](person), office


def test_a_key_gives_nothing_that_its_person_has_not(acting, mallory, dataset):
    program = acting(mallory, experiment=dataset.experiments.get().pk)

    assert not access.datasets_visible_to(program).exists()


def test_a_key_loses_what_its_person_loses(acting, alice, experiment, dataset):
    program = acting(alice, experiment=experiment.pk)
    assert access.datafiles_downloadable_by(program).count() == 3

    Grant.objects.filter(user=alice).delete()

    assert not access.datafiles_visible_to(program).exists()


def test_a_key_reaches_its_experiment_and_what_is_in_it(acting, alice, dataset, other):
    mine = dataset.experiments.get()
    program = acting(alice, experiment=mine.pk)
    elsewhere = other.datasets.get()

    within = [mine, dataset, dataset.datafiles.first()]
    outside = [other, elsewhere, elsewhere.datafiles.first(), mine.facility]

    assert all(access.within_key(program, thing) for thing in within)
    assert not any(access.within_key(program, thing) for thing in outside)
    assert all(access.within_key(alice, thing) for thing in within + outside)
