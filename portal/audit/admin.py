"""The trail in Django's admin: to be read, never changed."""

from django.contrib import admin
from django.http import HttpRequest  # noqa: TID251 (the admin is a door of Django's own)

from portal.audit.models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = [
        "time",
        "username",
        "action",
        "noun",
        "subject_id",
        "detail",
        "address",
    ]
    list_filter = ["action", "noun"]
    search_fields = ["username"]

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
