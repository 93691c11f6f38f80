"""People and the keys of their programs in Django's admin; no key is shown there."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest  # noqa: TID251 (the admin is a door of Django's own)

from portal.accounts import keys
from portal.accounts.addresses import replace
from portal.accounts.by import By
from portal.accounts.models import ApiKey, User


class PasswordForm(AdminPasswordChangeForm):
    def clean(self) -> dict[str, Any]:
        if self.user.is_service:
            self.add_error("password1", "A service account has no password.")
        return super().clean() or self.cleaned_data


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ["username", "email", "name", "is_superuser", "is_service"]
    list_filter = ["is_superuser", "is_service", "is_active", "groups"]
    fieldsets = [*(UserAdmin.fieldsets or ()), ("Programs", {"fields": ["is_service"]})]
    change_password_form = PasswordForm

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: Any
    ) -> None:
        """Keep an address as it is compared; what an administrator says is proven."""
        obj.email = obj.email.strip().lower()
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            replace(obj)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Whose programs may do what; to be read, and revoked."""

    list_display = [
        "user",
        "name",
        "prefix",
        "reach",
        "expires",
        "last_used_time",
        "last_used_address",
        "state",
    ]
    list_filter = ["user__is_service", "scope"]
    list_select_related = ["user"]
    search_fields = ["user__username", "name", "prefix"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen keys", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = sum(keys.revoke(one, by=By(request.user)) for one in queryset)
        self.message_user(request, f"{count} revoked.")

    def get_actions(
        self, request: HttpRequest, *args: Any, **keywords: Any
    ) -> dict[str, Any]:
        """Leave deletion out; it stays possible with the person."""
        actions = super().get_actions(request, *args, **keywords)
        actions.pop("delete_selected", None)
        return actions

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: ApiKey | None = None
    ) -> bool:
        return False
