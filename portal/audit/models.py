"""The rows of the trail; never changed, never with a patient's name."""

from django.conf import settings
from django.db import models


class Entry(models.Model):
    """One thing that somebody did."""

    class Action(models.TextChoices):
        SIGN_IN = "sign_in", "signed in"
        SIGN_IN_FAILED = "sign_in_failed", "failed to sign in"
        SIGN_OUT = "sign_out", "signed out"
        DOWNLOAD = "download", "downloaded"
        GRANT = "grant", "gave access"
        END_GRANT = "end_grant", "took access away"
        ENROL = "enrol", "put into a project"
        WITHDRAW = "withdraw", "took out of a project"
        FORGET = "forget", "had it forgotten"

    time = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The name as it was, since accounts may go and the trail stays.
    username = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=20, choices=Action)
    noun = models.CharField(max_length=30, blank=True)
    subject_id = models.BigIntegerField(null=True)
    # What else belongs to it, for example which project.
    detail = models.CharField(max_length=255, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ["-time"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        words = (self.username or "nobody", self.action, self.noun, self.subject_id)
        return " ".join(str(word) for word in words if word)
