"""The catalogue's rows, one module per noun."""

from portal.catalogue.models.datafile import Datafile
from portal.catalogue.models.dataset import Dataset
from portal.catalogue.models.dicom import Instance, Series, Study
from portal.catalogue.models.experiment import Experiment, ExperimentAuthor, Licence
from portal.catalogue.models.facility import Facility, Instrument
from portal.catalogue.models.parameter import (
    DatafileParameter,
    DatafileParameterSet,
    DatasetParameter,
    DatasetParameterSet,
    ExperimentParameter,
    ExperimentParameterSet,
    ParameterName,
    Schema,
)
from portal.catalogue.models.project import Project, Subject, Visit

__all__ = [
    "Datafile",
    "DatafileParameter",
    "DatafileParameterSet",
    "Dataset",
    "DatasetParameter",
    "DatasetParameterSet",
    "Experiment",
    "ExperimentAuthor",
    "ExperimentParameter",
    "ExperimentParameterSet",
    "Facility",
    "Instance",
    "Instrument",
    "Licence",
    "ParameterName",
    "Project",
    "Schema",
    "Series",
    "Study",
    "Subject",
    "Visit",
]
