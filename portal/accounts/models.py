"""People and the keys of their programs."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower


class User(AbstractUser):
    """A person, known by e-mail; perhaps before they have ever signed in."""

    # Made because data was to be shared with an address; a first sign-in claims it.
    provisioned = models.BooleanField(default=False)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                condition=~models.Q(email=""),
                violation_error_message="Somebody with this e-mail address is here.",
            )
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

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    digest = models.CharField(max_length=64, unique=True)
    created_time = models.DateTimeField(auto_now_add=True)
    last_used_time = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"key {self.pk} of {self.user}"
