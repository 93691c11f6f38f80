"""Typed metadata as MyTARDIS keeps it: schemas, parameter names, sets and values."""

from datetime import datetime

from django.db import models

from portal.catalogue.models.datafile import Datafile
from portal.catalogue.models.dataset import Dataset
from portal.catalogue.models.experiment import Experiment


class Schema(models.Model):
    """A vocabulary of parameters, named by a namespace in URL form."""

    class Type(models.IntegerChoices):
        EXPERIMENT = 1, "experiment"
        DATASET = 2, "dataset"
        DATAFILE = 3, "datafile"
        NONE = 4, "none"
        INSTRUMENT = 5, "instrument"

    namespace = models.URLField(max_length=255, unique=True)
    name = models.CharField(max_length=50, blank=True)
    type = models.PositiveSmallIntegerField(choices=Type, default=Type.EXPERIMENT)
    subtype = models.CharField(max_length=30, blank=True)
    immutable = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name or self.namespace


class ParameterName(models.Model):
    """One parameter of a schema: its name, kind and unit."""

    class DataType(models.IntegerChoices):
        NUMERIC = 1
        STRING = 2
        URL = 3
        LINK = 4
        FILENAME = 5
        DATETIME = 6
        LONGSTRING = 7
        JSON = 8

    class Comparison(models.IntegerChoices):
        EXACT = 1, "exact value"
        NOT_EQUAL = 2, "not equal"
        RANGE = 3, "range"
        GREATER = 4, "greater than"
        GREATER_OR_EQUAL = 5, "greater than or equal"
        LESS = 6, "less than"
        LESS_OR_EQUAL = 7, "less than or equal"
        CONTAINS = 8, "contains"

    schema = models.ForeignKey(
        Schema, on_delete=models.CASCADE, related_name="parameter_names"
    )
    name = models.CharField(max_length=60)
    full_name = models.CharField(max_length=60)
    units = models.CharField(max_length=60, blank=True)
    data_type = models.PositiveSmallIntegerField(
        choices=DataType, default=DataType.STRING
    )
    comparison_type = models.PositiveSmallIntegerField(
        choices=Comparison, default=Comparison.EXACT
    )
    immutable = models.BooleanField(default=False)
    is_searchable = models.BooleanField(default=False)
    choices = models.CharField(max_length=500, blank=True)
    order = models.PositiveIntegerField(default=9999)

    class Meta:
        ordering = ["order", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["schema", "name"], name="parameter_name_once_per_schema"
            )
        ]

    def __str__(self) -> str:
        return self.full_name or self.name


class ParameterSet(models.Model):
    """The values of one schema for one thing."""

    schema = models.ForeignKey(Schema, on_delete=models.PROTECT)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.schema)


class ExperimentParameterSet(ParameterSet):
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="parameter_sets"
    )


class DatasetParameterSet(ParameterSet):
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="parameter_sets"
    )


class DatafileParameterSet(ParameterSet):
    datafile = models.ForeignKey(
        Datafile, on_delete=models.CASCADE, related_name="parameter_sets"
    )


class Parameter(models.Model):
    """One value; which column holds it follows from its name's data type."""

    name = models.ForeignKey(ParameterName, on_delete=models.PROTECT)
    string_value = models.TextField(blank=True, default="")
    numerical_value = models.FloatField(null=True, blank=True)
    datetime_value = models.DateTimeField(null=True, blank=True)
    link_id = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["name__order", "name__name", "pk"]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"

    @property
    def value(self) -> str | float | datetime | None:
        """The value in its own type."""
        if self.name.data_type == ParameterName.DataType.NUMERIC:
            return self.numerical_value
        if self.name.data_type == ParameterName.DataType.DATETIME:
            return self.datetime_value
        return self.string_value


class ExperimentParameter(Parameter):
    parameterset = models.ForeignKey(
        ExperimentParameterSet, on_delete=models.CASCADE, related_name="parameters"
    )


class DatasetParameter(Parameter):
    parameterset = models.ForeignKey(
        DatasetParameterSet, on_delete=models.CASCADE, related_name="parameters"
    )


class DatafileParameter(Parameter):
    parameterset = models.ForeignKey(
        DatafileParameterSet, on_delete=models.CASCADE, related_name="parameters"
    )
