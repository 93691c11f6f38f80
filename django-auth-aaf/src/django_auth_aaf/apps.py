"""The app, as INSTALLED_APPS names it."""

from django.apps import AppConfig


class DjangoAuthAafConfig(AppConfig):
    name = "django_auth_aaf"
    verbose_name = "Australian Access Federation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Importing them registers them.
        from django_auth_aaf import checks  # noqa: F401, PLC0415
