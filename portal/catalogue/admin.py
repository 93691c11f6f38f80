"""The catalogue in Django's admin."""

from django.contrib import admin
from django.db.models import URLField

from portal.catalogue import models

# An address typed without its scheme is taken for https.
HTTPS = {"assume_scheme": "https"}


@admin.register(models.Facility)
class FacilityAdmin(admin.ModelAdmin):
    list_display = ["name", "manager_group"]


@admin.register(models.Instrument)
class InstrumentAdmin(admin.ModelAdmin):
    list_display = ["name", "facility"]


@admin.register(models.Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ["number", "title", "group"]
    search_fields = ["number", "title"]


@admin.register(models.Experiment)
class ExperimentAdmin(admin.ModelAdmin):
    list_display = ["title", "facility", "project", "public_access", "created_time"]
    list_filter = ["facility", "public_access"]
    search_fields = ["title", "key"]
    raw_id_fields = ["created_by"]
    readonly_fields = ["key"]
    formfield_overrides = {URLField: HTTPS}


@admin.register(models.Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = ["description", "instrument", "state", "file_count", "arrived_time"]
    list_filter = ["state", "instrument"]
    search_fields = ["description", "series__series_uid"]
    raw_id_fields = ["experiments"]


@admin.register(models.Study)
class StudyAdmin(admin.ModelAdmin):
    list_display = ["study_uid", "description", "date", "experiment"]
    search_fields = ["study_uid", "accession_number"]
    raw_id_fields = ["experiment", "visit"]


@admin.register(models.Schema)
class SchemaAdmin(admin.ModelAdmin):
    list_display = ["name", "namespace", "type"]
    formfield_overrides = {URLField: HTTPS}


@admin.register(models.ParameterName)
class ParameterNameAdmin(admin.ModelAdmin):
    list_display = ["name", "full_name", "units", "schema"]
    list_filter = ["schema"]


@admin.register(models.Licence)
class LicenceAdmin(admin.ModelAdmin):
    list_display = ["name", "url", "is_active"]
    formfield_overrides = {URLField: HTTPS}


@admin.register(models.ExperimentAuthor)
class ExperimentAuthorAdmin(admin.ModelAdmin):
    list_display = ["author", "experiment", "order"]
    raw_id_fields = ["experiment"]
    formfield_overrides = {URLField: HTTPS}


admin.site.register(models.Subject)
