"""What a correction would do is said before, whoever it lets in and however far."""

import pytest

from portal.curation import moving
from portal.curation.foreseeing import foresee
from tests.portal.builders import make_experiment
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db


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
