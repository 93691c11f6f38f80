"""The pages as a Django app, and Django's admin with our front door."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class PagesConfig(AppConfig):
    name = "portal.web"
    default = True

    def ready(self) -> None:
        """Listen to the ways in that are not ours, once all apps are there."""
        from portal.web import sign_in_trail  # noqa: PLC0415  # its models are loaded now

        sign_in_trail.listen()


class AdministrationConfig(admin.AdminConfig):
    default_site = "portal.web.administration.Administration"
    default = False
