"""The pages as a Django app, and Django's admin with our front door."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class PagesConfig(AppConfig):
    name = "portal.web"
    default = True


class AdministrationConfig(admin.AdminConfig):
    default_site = "portal.web.administration.Administration"
    default = False
