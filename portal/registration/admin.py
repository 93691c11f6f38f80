"""Parked series in Django's admin."""

from django.contrib import admin

from portal.registration.models import ParkedSeries


@admin.register(ParkedSeries)
class ParkedSeriesAdmin(admin.ModelAdmin):
    list_display = ["series_uid", "state", "reason", "modified_time"]
    list_filter = ["state"]
    readonly_fields = ["orthanc_series", "header"]
