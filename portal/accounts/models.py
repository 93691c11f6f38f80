"""People and the keys of their programs."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class User(AbstractUser):
    """A person, known by e-mail; perhaps before they have ever signed in."""

    # Made because data was to be shared with an address; a first sign-in claims it.
    provisioned = models.BooleanField(default=False)
    # A program's own account: its keys work, and nobody signs in with it.
    is_service = models.BooleanField("service account, keys only", default=False)

    # The key with which a program acts for this person just now; None where they act
    # themselves. `sharing.access` gives a program no more than its key allows.
    acting_key: "ApiKey | None" = None

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                condition=~models.Q(email=""),
                violation_error_message="Somebody with this e-mail address is here.",
            ),
            # No password to try, no address to send a new one to, and no office.
            models.CheckConstraint(
                condition=models.Q(is_service=False)
                | models.Q(
                    email="",
                    password__startswith=UNUSABLE_PASSWORD_PREFIX,
                    is_staff=False,
                    is_superuser=False,
                ),
                name="user_service_cannot_sign_in",
                violation_error_message="A service account has no password and no "
                "e-mail address, and administers nothing.",
            ),
        ]

    @property
    def name(self) -> str:
        """The name to show: full name, else e-mail, else user name."""
        return self.get_full_name() or self.email or self.username

    @property
    def initials(self) -> str:
        """Two letters for the round sign in the corner."""
        words = (self.get_full_name() or self.username).replace(".", " ").split()
        letters = [word[0] for word in words if word]
        return "".join(letters[:1] + letters[1:][-1:]).upper() or "?"


class ApiKey(models.Model):
    """A key with which a program acts for a person; only its digest is kept."""

    class Scope(models.TextChoices):
        READ = "read", "read"
        WRITE = "write", "read and change"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    # What its person calls it, to know it again.
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope)
    # The number of the one experiment that it opens; empty: all that its person may.
    experiment = models.BigIntegerField(null=True, blank=True)
    # The last day on which it works, by the site's calendar; empty: for good.
    expires = models.DateField(null=True, blank=True)
    # How the key begins, to tell it from others; unknown of the oldest ones.
    prefix = models.CharField(max_length=6, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    created_time = models.DateTimeField(auto_now_add=True)
    last_used_time = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)
    revoked_time = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=["read", "write"]),
                name="apikey_scope_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"key {self.pk} of {self.user}"

    @property
    def may_write(self) -> bool:
        return self.scope == self.Scope.WRITE

    @property
    def allows_all(self) -> bool:
        """Say whether a program with it may do whatever its person may."""
        return self.may_write and self.experiment is None

    @property
    def is_revoked(self) -> bool:
        return self.revoked_time is not None

    @property
    def is_expired(self) -> bool:
        return self.expires is not None and self.expires < timezone.localdate()

    @property
    def state(self) -> str:
        """One word for lists; whether the person's account is active is not in it."""
        if self.is_revoked:
            return "revoked"
        return "expired" if self.is_expired else "works"

    @property
    def reach(self) -> str:
        """What it allows, in words for lists and for the trail."""
        one = f"experiment {self.experiment}"
        where = "everything" if self.experiment is None else one
        return f"{self.get_scope_display()}, {where}"


class Invitation(models.Model):
    """An invitation by mail, whose word leads its bearer to an account."""

    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="invitations"
    )
    # The digest; the word itself is in the mail alone.
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="invitations_made",
    )
    made_time = models.DateTimeField(auto_now_add=True)
    # The last day on which it holds.
    expires = models.DateField()
    accepted_time = models.DateTimeField(null=True, blank=True)
    withdrawn_time = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"invitation {self.pk} of {self.person}"

    @property
    def state(self) -> str:
        """One word for lists."""
        if self.accepted_time:
            return "accepted"
        if self.withdrawn_time:
            return "withdrawn"
        return "expired" if self.expires < timezone.localdate() else "open"


def name_of(user: User) -> str:
    """Return how pages and mails call a person (settings.ACCOUNT_USER_DISPLAY)."""
    return user.name
