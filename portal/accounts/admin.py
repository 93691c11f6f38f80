"""People in Django's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from portal.accounts.models import ApiKey, User

admin.site.register(User, UserAdmin)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    list_display = ["user", "created_time", "last_used_time"]
    readonly_fields = ["digest", "created_time", "last_used_time"]
