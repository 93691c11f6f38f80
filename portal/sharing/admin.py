"""Grants in Django's admin."""

from django.contrib import admin

from portal.sharing.models import Grant


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin):
    list_display = ["experiment", "user", "group", "level", "starts", "ends", "reason"]
    list_filter = ["level"]
    raw_id_fields = ["experiment", "user"]
