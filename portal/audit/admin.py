"""The trail in Django's admin: to be read, never changed."""

from django.contrib import admin
from django.http import HttpRequest  # noqa: TID251 (the admin is a door of Django's own)

from portal.audit.models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = [
        "time",
        "username",
        "on_behalf_of",
        "action",
        "noun",
        "subject_id",
        "experiment_id",
        "detail",
        "door",
        "address",
    ]
    list_filter = ["action", "door", "noun"]
    search_fields = ["username", "on_behalf_of"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Entry | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Entry | None = None
    ) -> bool:
        return False
