"""Storage boxes in Django's admin."""

from django.contrib import admin

from portal.store.models import Replica, StorageBox, StorageBoxOption


class OptionInline(admin.TabularInline):
    model = StorageBoxOption
    extra = 0


@admin.register(StorageBox)
class StorageBoxAdmin(admin.ModelAdmin):
    list_display = ["name", "status", "description"]
    inlines = [OptionInline]


@admin.register(Replica)
class ReplicaAdmin(admin.ModelAdmin):
    list_display = ["uri", "verified", "last_verified_time", "damage"]
    list_filter = ["verified"]
    search_fields = ["uri"]
    raw_id_fields = ["datafile"]
