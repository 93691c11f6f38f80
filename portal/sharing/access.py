"""Who may see what: the only answer, asked by every door.

Administrators see everything. Managers of a facility see what its instruments made.
Everybody else sees what a current grant to them or one of their groups names, and what
is public. What one may not see does not exist: doors ask for querysets from here.

A program acts for its person by a key, which narrows all of it: to one experiment, to
reading, or to both. With such a key nobody is an administrator or a manager, but for
seeing the data that they see as one.
"""

from django.contrib.auth.models import AnonymousUser, Group
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from portal.accounts.models import ApiKey, User
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
    return Facility.objects.none() if _is_narrowed(user) else _facilities_of(user)


def may_see_parked_series(user: Visitor) -> bool:
    """Say whether `user` may see any of what fits nowhere yet: whoever manages."""
    return _is_administrator(user) or facilities_managed_by(user).exists()


def parked_visible_to[Row: Model](
    user: Visitor, parked: QuerySet[Row]
) -> QuerySet[Row]:
    """Return those of `parked` series that `user` may see, download and decide about.

    Managers those whose sender has sent to their facility before; what no facility is
    known of, administrators alone.
    """
    if _is_administrator(user):
        return parked
    return parked.filter(facility__in=facilities_managed_by(user))


def may_see_health(user: Visitor) -> bool:
    """Say whether `user` may see how the box itself is: administrators only."""
    return _is_administrator(user)


def may_invite(user: Visitor) -> bool:
    """Say whether `user` may invite people: whoever manages anything."""
    return may_see_parked_series(user)


def may_hand_over_invitations(user: Visitor) -> bool:
    """Say whether `user` may see the link that lets somebody else in."""
    return _is_administrator(user)


def invitations_visible_to[Row: Model](
    user: Visitor, invitations: QuerySet[Row]
) -> QuerySet[Row]:
    """Return the invitations that `user` may see and withdraw: managers their own."""
    if _is_administrator(user):
        return invitations
    if not may_invite(user):
        return invitations.none()
    return invitations.filter(made_by=user)


def may_see_trail(user: Visitor) -> bool:
    """Say whether `user` may see what others did: whoever manages anything."""
    return may_see_parked_series(user)


def trail_visible_to[Row: Model](
    user: Visitor, entries: QuerySet[Row]
) -> QuerySet[Row]:
    """Return those entries of the trail that `user` may see.

    Administrators all; managers what concerns the experiments of their facilities, and
    not who signed in.
    """
    if _is_administrator(user):
        return entries
    theirs = Experiment.objects.filter(facility__in=facilities_managed_by(user))
    return entries.filter(experiment_id__in=theirs.values("pk"))


def trail_of[Row: Model](user: Visitor, entries: QuerySet[Row]) -> QuerySet[Row]:
    """Return what `user` did, and who failed to sign in under their name."""
    if not isinstance(user, User):
        return entries.none()
    names = {user.username, user.email} - {""}
    return entries.filter(Q(user=user) | Q(user=None, username__in=names))


def experiments_owned_by(user: Visitor) -> QuerySet[Experiment]:
    """Return the experiments whose trail `user` may see: owners, and who manages."""
    return _experiments(user, Q(pk__in=[]), Level.OWN)


def experiments_put_right_by(user: Visitor) -> QuerySet[Experiment]:
    """Return the experiments whose scans `user` may move, merge, split and rename.

    Administrators all, managers those of their facilities.
    """
    if _is_administrator(user):
        return _not_merged()
    return _not_merged().filter(facility__in=facilities_managed_by(user))


def may_see_flags(user: Visitor) -> bool:
    """Say whether `user` may see what looks wrong: whoever may put anything right."""
    return facilities_managed_by(user).exists() or _is_administrator(user)


def may_put_right(user: Visitor, experiments: QuerySet[Experiment]) -> bool:
    """Say whether `user` may put right all of these, merged ones included."""
    if _is_administrator(user):
        return True
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


def within_key(user: Visitor, thing: Model) -> bool:
    """Say whether a program's key reaches a row; people, and most keys, reach any.

    A key for one experiment reaches that, its datasets and their files, nothing else.
    """
    key = _key_of(user)
    if key is None or key.experiment is None:
        return True
    if isinstance(thing, Experiment):
        return thing.pk == key.experiment
    dataset = thing.dataset if isinstance(thing, Datafile) else thing
    if not isinstance(dataset, Dataset):
        return False
    return dataset.experiments.filter(pk=key.experiment).exists()


def _experiments(user: Visitor, public: Q, level: int) -> QuerySet[Experiment]:
    """Return what is public or somebody's, as far as their program's key reaches."""
    found = _experiments_of_person(user, public, level)
    key = _key_of(user)
    if key is None:
        return found
    if level > Level.DOWNLOAD and not key.may_write:
        return found.none()
    return found if key.experiment is None else found.filter(pk=key.experiment)


def _experiments_of_person(
    user: Visitor, public: Q, level: int
) -> QuerySet[Experiment]:
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
    managed = Q(facility__in=_facilities_of(user))
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


def _facilities_of(user: Visitor) -> QuerySet[Facility]:
    """Return the facilities that a person manages, whatever their program's key."""
    if not user.is_active:
        return Facility.objects.none()
    if user.is_superuser:
        return Facility.objects.all()
    return Facility.objects.filter(manager_group__in=_groups_of(user))


def _is_administrator(user: Visitor) -> bool:
    return user.is_active and user.is_superuser and not _is_narrowed(user)


def _is_narrowed(user: Visitor) -> bool:
    key = _key_of(user)
    return key is not None and not key.allows_all


def _key_of(user: Visitor) -> ApiKey | None:
    return user.acting_key if isinstance(user, User) else None
