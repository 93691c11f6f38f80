"""Whose identities are known, and which assertions were used."""

from django.conf import settings
from django.db import models


class Identity(models.Model):
    """One name by which an issuer knows a person; a person may have many.

    The federation replaces its identifiers over the years, and people change their
    institution: hence rows, and not a column of the account.
    """

    class Kind(models.TextChoices):
        # eduPersonTargetedID: the one that signs in.
        TARGETED_ID = "targeted_id", "targeted id"
        SHARED_TOKEN = "shared_token", "shared token"
        ORCID = "orcid", "ORCID iD"
        PRINCIPAL_NAME = "principal_name", "principal name"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="aaf_identities",
    )
    issuer = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    # Compared as a whole, and never taken apart.
    subject = models.CharField(max_length=400)
    created_time = models.DateTimeField(auto_now_add=True)
    last_used_time = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "kind", "subject"],
                name="aaf_identity_once",
                violation_error_message="This identity belongs to somebody already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.user}"


class SeenAssertion(models.Model):
    """An assertion that was used, by the digest of its issuer and its `jti`."""

    digest = models.CharField(max_length=64, unique=True)
    expires_time = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"assertion that expires at {self.expires_time}"
