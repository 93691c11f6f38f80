"""What a correction would do is said before, whoever it lets in and however far."""

import pytest

from portal.catalogue.models import Experiment
from portal.curation import moving, undoing
from portal.curation.foreseeing import foresee
from portal.curation.moving import Destination
from portal.curation.selection import Selection
from tests.portal.builders import make_experiment
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db

Public = Experiment.PublicAccess


def test_whom_the_merge_of_an_empty_experiment_lets_in_is_said(alice, by):
    source, target = make_experiment(downloaders=[alice]), make_experiment()
    add_study(target)

    [effect] = foresee(lambda: moving.merge(source.pk, into=target.pk, by=by)).effects

    assert (effect.experiment, effect.moves) == (target.pk, False)
    assert effect.newly == (alice,)


def test_who_may_download_from_then_on_is_said(alice, by):
    source = make_experiment(downloaders=[alice])
    target = make_experiment(readers=[alice])
    add_study(source)
    add_study(target)

    effects = foresee(lambda: moving.merge(source.pk, into=target.pk, by=by)).effects

    told = {one.experiment: (one.newly, one.may_download) for one in effects}
    assert told == {source.pk: ((), ()), target.pk: ((), (alice,))}


def test_who_may_only_look_from_then_on_is_said(alice, bob, by):
    source = make_experiment(downloaders=[alice, bob])
    target = make_experiment(readers=[alice])
    moved = add_study(source)
    add_study(source, study_date="20260308")
    what = Selection.of(studies=[moved.series.study_id])
    to = Destination(experiment=target.pk)

    [effect] = [
        one
        for one in foresee(lambda: moving.reassign(what, to, by=by)).effects
        if one.moves
    ]

    assert (effect.may_only_look, effect.no_longer) == ((alice,), (bob,))


def test_whom_the_undoing_of_a_merge_leaves_with_less_is_said(alice, by):
    source = make_experiment(downloaders=[alice])
    target = make_experiment(readers=[alice])
    add_study(source)
    add_study(target)
    merge = moving.merge(source.pk, into=target.pk, by=by)

    effects = foresee(lambda: undoing.undo(merge.pk, by=by)).effects

    told = {one.moves: one.may_only_look for one in effects}
    assert told == {True: (), False: (alice,)}


def test_nobody_is_said_to_only_look_at_what_anybody_may_download(alice, by):
    source = make_experiment(downloaders=[alice])
    target = make_experiment(readers=[alice], public_access=Public.FULL)
    add_study(source)
    add_study(target)

    effects = foresee(
        lambda: moving.merge(source.pk, into=target.pk, by=by, with_people=False)
    ).effects

    assert [one.may_only_look for one in effects] == [(), ()]
    assert {one.publicly for one in effects} == {"", "They are public then."}
