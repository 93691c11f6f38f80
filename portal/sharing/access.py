"""Who may see what: the only answer, asked by every door.

Administrators see everything. Managers of a facility see what its instruments made.
Everybody else sees what a current grant to them or one of their groups names, and what
is public. What one may not see does not exist: doors ask for querysets from here.
"""

from django.contrib.auth.models import AnonymousUser, Group
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from portal.accounts.models import User
from portal.catalogue.models import Datafile, Dataset, Experiment, Facility
from portal.sharing.models import Grant

Visitor = User | AnonymousUser

Public = Experiment.PublicAccess
Level = Grant.Level


def experiments_visible_to(user: Visitor) -> QuerySet[Experiment]:
    """Return the experiments `user` may open, each once."""
    public = Q(public_access__in=[Public.METADATA, Public.FULL])
    return _experiments(user, public, Level.READ)


def datasets_visible_to(user: Visitor) -> QuerySet[Dataset]:
    """Return the datasets of the experiments `user` may open, each once."""
    return _datasets_in(experiments_visible_to(user))


def datafiles_visible_to(user: Visitor) -> QuerySet[Datafile]:
    """Return the datafiles whose names `user` may read, each once."""
    return Datafile.objects.filter(deleted=False, dataset__in=datasets_visible_to(user))


def datasets_downloadable_by(user: Visitor) -> QuerySet[Dataset]:
    """Return the datasets whose bytes, pictures and headers `user` may have."""
    public = Q(public_access=Public.FULL)
    return _datasets_in(_experiments(user, public, Level.DOWNLOAD))


def datafiles_downloadable_by(user: Visitor) -> QuerySet[Datafile]:
    """Return the datafiles whose bytes `user` may have, each once."""
    return Datafile.objects.filter(
        deleted=False, dataset__in=datasets_downloadable_by(user)
    )


def experiments_shared_with(user: Visitor) -> QuerySet[Experiment]:
    """Return what `user` may open without its being public: "my data"."""
    return _experiments(user, Q(pk__in=[]), Level.READ)


def public_experiments() -> QuerySet[Experiment]:
    """Return the experiments that anybody may open."""
    return experiments_visible_to(AnonymousUser())


def facilities_managed_by(user: Visitor) -> QuerySet[Facility]:
    """Return the facilities that `user` manages; administrators manage all."""
    if not user.is_active:
        return Facility.objects.none()
    if user.is_superuser:
        return Facility.objects.all()
    return Facility.objects.filter(manager_group__in=_groups_of(user))


def may_see_parked_series(user: Visitor) -> bool:
    """Say whether `user` may see any of what fits nowhere yet: whoever manages."""
    return user.is_active and (
        user.is_superuser or facilities_managed_by(user).exists()
    )


def parked_visible_to[Row: Model](
    user: Visitor, parked: QuerySet[Row]
) -> QuerySet[Row]:
    """Return those of `parked` series that `user` may see, download and decide about.

    Managers those whose sender has sent to their facility before; what no facility is
    known of, administrators alone.
    """
    if user.is_active and user.is_superuser:
        return parked
    return parked.filter(facility__in=facilities_managed_by(user))


def may_see_health(user: Visitor) -> bool:
    """Say whether `user` may see how the box itself is: administrators only."""
    return user.is_active and user.is_superuser


def experiments_put_right_by(user: Visitor) -> QuerySet[Experiment]:
    """Return the experiments whose scans `user` may move, merge, split and rename.

    Administrators all, managers those of their facilities.
    """
    if user.is_active and user.is_superuser:
        return _not_merged()
    return _not_merged().filter(facility__in=facilities_managed_by(user))


def may_see_flags(user: Visitor) -> bool:
    """Say whether `user` may see what looks wrong: whoever may put anything right."""
    return facilities_managed_by(user).exists() or (
        user.is_active and user.is_superuser
    )


def may_put_right(user: Visitor, experiments: QuerySet[Experiment]) -> bool:
    """Say whether `user` may put right all of these, merged ones included."""
    if not user.is_active or user.is_superuser:
        return user.is_active
    theirs = Q(facility__in=facilities_managed_by(user))
    return experiments.exists() and not experiments.exclude(theirs).exists()


def led_to(key: int, user: Visitor) -> Experiment | None:
    """Return the experiment that a merged one leads to, if `user` may open that."""
    found = Experiment.objects.filter(pk=key).exclude(merged_into=None).first()
    seen = set()
    while found and found.merged_into and found.pk not in seen:
        seen.add(found.pk)
        found = found.merged_into
    if found is None:
        return None
    return experiments_visible_to(user).filter(pk=found.pk).first()


def people_let_into(
    experiment: Experiment, *, level: Grant.Level = Level.READ
) -> QuerySet[User]:
    """Return who sees an experiment by a grant, alone or in a group, or manages it.

    `level` is what the grant must allow; managers may all. Administrators see
    everything and are not among them, unless let in as well.
    """
    grants = Grant.objects.current().filter(experiment=experiment, level__gte=level)
    managers = Q(groups__facilities_managed=experiment.facility_id)
    let_in = Q(pk__in=grants.exclude(user=None).values("user"))
    let_in |= Q(groups__in=grants.exclude(group=None).values("group"))
    found = let_in | managers if experiment.facility_id else let_in
    return User.objects.filter(found, is_active=True).distinct()


def grants_on(experiment: Experiment) -> QuerySet[Grant]:
    """Return the grants in force on an experiment, the strongest first."""
    return (
        Grant.objects.current()
        .filter(experiment=experiment)
        .select_related("user", "group")
        .order_by("-level", "pk")
    )


def _experiments(user: Visitor, public: Q, level: int) -> QuerySet[Experiment]:
    there = _not_merged()
    if not user.is_active:
        return there.filter(public)
    if user.is_superuser:
        return there
    granted = Grant.objects.current().filter(
        Q(user=user) | Q(group__in=_groups_of(user)),
        experiment=OuterRef("pk"),
        level__gte=level,
    )
    managed = Q(facility__in=facilities_managed_by(user))
    return there.filter(public | managed | Exists(granted))


def _not_merged() -> QuerySet[Experiment]:
    """Return the experiments that are more than a way to another one."""
    return Experiment.objects.filter(merged_into=None)


def _datasets_in(experiments: QuerySet[Experiment]) -> QuerySet[Dataset]:
    links = Dataset.experiments.through.objects.filter(
        dataset=OuterRef("pk"), experiment__in=experiments.order_by().values("pk")
    )
    return Dataset.objects.filter(Exists(links))


def _groups_of(user: Visitor) -> QuerySet[Group]:
    return user.groups.all()
