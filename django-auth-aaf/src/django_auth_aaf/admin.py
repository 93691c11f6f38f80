"""Identities in Django's admin, where a manager resolves a collision."""

from django.contrib import admin

from django_auth_aaf.models import Identity


@admin.register(Identity)
class IdentityAdmin(admin.ModelAdmin):
    list_display = ["user", "kind", "issuer", "created_time", "last_used_time"]
    list_filter = ["kind", "issuer"]
    search_fields = ["subject"]
    raw_id_fields = ["user"]
    readonly_fields = ["created_time", "last_used_time"]
