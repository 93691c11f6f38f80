"""The outbox, the news that become mail, and what people do not want to be sent."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.sharing.models import Grant


class Kind(models.TextChoices):
    """What a mail is about; the words end the sentence "Mail me when …"."""

    INVITATION = "invitation", "somebody invites me"
    ACCOUNT = "account", "something about how I sign in changes, or I ask for it"
    COLLISION = "collision", "an identity meets an account that is not its own"
    SHARED = "shared", "somebody shares an experiment with me"
    ENDING = "ending", "my access to an experiment is about to end"
    PARKED = "parked", "scans arrive that fit nowhere, and wait for a decision"
    HEALTH = "health", "the box needs somebody: a full disk, a program that is down"


class Message(models.Model):
    """One mail that is to be sent, or was; told once, for it has a unique occasion."""

    kind = models.CharField(max_length=12, choices=Kind)
    # What it tells of, such as "ending:17:2026-12-02:4".
    occasion = models.CharField(max_length=200, unique=True)
    # None for an address whose owner nobody knows yet.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    # Emptied when it is sent: an invitation's link is a secret.
    body = models.TextField(blank=True)
    made_time = models.DateTimeField(default=timezone.now)
    # Not before; also how long a worker that has taken it keeps others from it.
    due_time = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=1000, blank=True)
    sent_time = models.DateTimeField(null=True, blank=True)
    given_up_time = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_time=None) | Q(given_up_time=None),
                name="message_has_one_end",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_time"],
                condition=Q(sent_time=None, given_up_time=None),
                name="message_waiting",
            ),
            models.Index(
                fields=["given_up_time"],
                condition=~Q(given_up_time=None),
                name="message_given_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class News(models.Model):
    """Something about a grant that a person is to be told, together with its like."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    occasion = models.CharField(max_length=200, unique=True)
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="+")
    # Who gave it, as they were called then; empty where nobody is to be named.
    by_name = models.CharField(max_length=310, blank=True)
    made_time = models.DateTimeField(default=timezone.now)
    # When it became mail, or was no news any more.
    done_time = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["made_time"], condition=Q(done_time=None), name="news_waiting"
            )
        ]
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return self.occasion


class MailChoice(models.Model):
    """A kind of mail that a person has switched off, or on again."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    off = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], name="mailchoice_once_per_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {'off' if self.off else 'on'}"
