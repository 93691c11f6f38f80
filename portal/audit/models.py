"""The rows of the trail; never changed, never with a patient's name."""

from django.conf import settings
from django.db import models

# Names of rows that are more than one word, or another one on pages.
NOUNS = {
    "apikey": "key",
    "datafile": "file",
    "parkedseries": "parked series",
    "user": "person",
}


class Entry(models.Model):
    """One thing that somebody did.

    PostgreSQL refuses to change an entry, and to remove one before its time: see the
    migration `0005_only_ever_added_to`.
    """

    class Action(models.TextChoices):
        """What can be done, in the order in which pages offer it."""

        SIGN_IN = "sign_in", "signed in"
        SIGN_IN_FAILED = "sign_in_failed", "failed to sign in"
        SIGN_IN_REFUSED = "sign_in_refused", "was refused at sign-in"
        LOCKED_OUT = "locked_out", "was locked out"
        SIGN_OUT = "sign_out", "signed out"
        PASSWORD_CHANGED = "password_changed", "changed a password"
        SECOND_FACTOR_ADDED = "factor_added", "added a second factor"
        SECOND_FACTOR_REMOVED = "factor_removed", "removed a second factor"
        IDENTITY_BOUND = "identity_bound", "bound an identity"
        IDENTITY_COLLISION = "identity_collision", "brought an identity of another"
        INVITE = "invite", "invited"
        KEY_MADE = "key_made", "made a key"
        KEY_REVOKED = "key_revoked", "revoked a key"
        VIEW = "view", "looked at"
        SEARCH = "search", "searched"
        DOWNLOAD = "download", "downloaded"
        EXPORT = "export", "exported"
        GRANT = "grant", "gave access"
        END_GRANT = "end_grant", "took access away"
        SHARE = "share", "shared by a link"
        ENROL = "enrol", "put into a project"
        WITHDRAW = "withdraw", "took out of a project"
        CHANGE = "change", "changed"
        DELETE = "delete", "deleted"
        FORGET = "forget", "had it forgotten"
        ADMINISTRATION = "administration", "administered"
        EXPIRE = "expire", "removed what was too old"

    class Door(models.TextChoices):
        """By which way somebody came in."""

        PAGE = "page", "page"
        API = "api", "API"
        DICOMWEB = "dicomweb", "DICOMweb"
        COMMAND_LINE = "command_line", "command line"
        INGEST = "ingest", "ingest"
        BACKGROUND_JOB = "job", "background job"
        ADMINISTRATION = "administration", "administration"

    time = models.DateTimeField(auto_now_add=True, db_index=True)
    # The number stays when the account goes, so that nothing here has to be changed.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    # The name as it was, since accounts may go and the trail stays.
    username = models.CharField(max_length=150, blank=True)
    # The key and its person, where a program acted for somebody.
    on_behalf_of = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=20, choices=Action)
    door = models.CharField(max_length=20, choices=Door, blank=True)
    noun = models.CharField(max_length=30, blank=True)
    subject_id = models.BigIntegerField(null=True)
    # The experiment that it concerns, which may be gone.
    experiment_id = models.BigIntegerField(null=True)
    # What else belongs to it, for example which project.
    detail = models.CharField(max_length=255, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["user", "-id"], name="entry_of_a_person"),
            models.Index(
                fields=["experiment_id", "-id"], name="entry_of_an_experiment"
            ),
            # Whoever failed to sign in under a name.
            models.Index(
                fields=["username"],
                condition=models.Q(user=None),
                name="entry_of_a_name",
            ),
        ]

    def __str__(self) -> str:
        words = (self.username or "nobody", self.action, self.noun, self.subject_id)
        return " ".join(str(word) for word in words if word)

    @property
    def subject(self) -> str:
        """What it was done to, in words: `dataset 12`; empty where that is no row."""
        if not self.noun:
            return ""
        return f"{NOUNS.get(self.noun, self.noun)} {self.subject_id}"
