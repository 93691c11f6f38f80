"""Where the site of the tests answers: as a project would say it."""

from django.urls import include, path

from django_auth_aaf.urls import aaf_addresses

urlpatterns = [path("", include(aaf_addresses("rc")))]
