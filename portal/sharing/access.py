"""Who may see what: the only answer, asked by every door.

Administrators see everything. Managers of a facility see what its instruments made.
Everybody else sees what a current grant to them or one of their groups names, and what
is public. What one may not see does not exist: doors ask for querysets from here.
"""

from django.contrib.auth.models import AnonymousUser, Group
from django.db.models import Exists, OuterRef, Q, QuerySet

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
    """Say whether `user` may see what fits nowhere yet: administrators only."""
    return user.is_active and user.is_superuser


def may_see_health(user: Visitor) -> bool:
    """Say whether `user` may see how the box itself is: administrators only."""
    return user.is_active and user.is_superuser


def grants_on(experiment: Experiment) -> QuerySet[Grant]:
    """Return the grants in force on an experiment, the strongest first."""
    return (
        Grant.objects.current()
        .filter(experiment=experiment)
        .select_related("user", "group")
        .order_by("-level", "pk")
    )


def _experiments(user: Visitor, public: Q, level: int) -> QuerySet[Experiment]:
    if not user.is_active:
        return Experiment.objects.filter(public)
    if user.is_superuser:
        return Experiment.objects.all()
    granted = Grant.objects.current().filter(
        Q(user=user) | Q(group__in=_groups_of(user)),
        experiment=OuterRef("pk"),
        level__gte=level,
    )
    managed = Q(facility__in=facilities_managed_by(user))
    return Experiment.objects.filter(public | managed | Exists(granted))


def _datasets_in(experiments: QuerySet[Experiment]) -> QuerySet[Dataset]:
    links = Dataset.experiments.through.objects.filter(
        dataset=OuterRef("pk"), experiment__in=experiments.order_by().values("pk")
    )
    return Dataset.objects.filter(Exists(links))


def _groups_of(user: Visitor) -> QuerySet[Group]:
    return user.groups.all()
