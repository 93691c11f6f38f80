"""Give access; takes nothing away and never lowers what somebody has."""

from django.contrib.auth.models import Group

from portal.accounts.models import User
from portal.catalogue.models import Experiment
from portal.sharing.models import Grant


def grant(
    experiment: Experiment,
    *,
    to: User | Group,
    reason: str,
    level: Grant.Level = Grant.Level.DOWNLOAD,
) -> Grant:
    """Let a person or a group into an experiment; repeating it changes nothing."""
    whom = {"user": to} if isinstance(to, User) else {"group": to}
    given, made = Grant.objects.get_or_create(
        experiment=experiment, **whom, defaults={"level": level, "reason": reason[:255]}
    )
    if not made and given.level < level:
        Grant.objects.filter(pk=given.pk, level__lt=level).update(level=level)
        given.refresh_from_db()
    return given
