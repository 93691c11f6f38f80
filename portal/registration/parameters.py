"""A series' header as typed parameters: what people compare between scans."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from portal.catalogue.models import (
    Dataset,
    DatasetParameter,
    DatasetParameterSet,
    ParameterName,
    Schema,
)
from portal.registration import values

NAMESPACE = "https://imagetrove.org/schemas/dicom/series/1"
Kind = ParameterName.DataType


class Field(NamedTuple):
    """One DICOM keyword as a parameter; units as in PS3.3."""

    keyword: str
    full_name: str
    kind: Kind = Kind.STRING
    units: str = ""


FIELDS = (
    Field("Modality", "Modality"),
    Field("BodyPartExamined", "Body part"),
    Field("ProtocolName", "Protocol"),
    Field("SequenceName", "Sequence"),
    Field("ScanningSequence", "Scanning sequence"),
    Field("MRAcquisitionType", "Acquisition"),
    Field("RepetitionTime", "Repetition time", Kind.NUMERIC, "ms"),
    Field("EchoTime", "Echo time", Kind.NUMERIC, "ms"),
    Field("InversionTime", "Inversion time", Kind.NUMERIC, "ms"),
    Field("FlipAngle", "Flip angle", Kind.NUMERIC, "°"),
    Field("EchoTrainLength", "Echo train length", Kind.NUMERIC),
    Field("MagneticFieldStrength", "Field strength", Kind.NUMERIC, "T"),
    Field("KVP", "Tube voltage", Kind.NUMERIC, "kV"),
    Field("XRayTubeCurrent", "Tube current", Kind.NUMERIC, "mA"),
    Field("ConvolutionKernel", "Kernel"),
    Field("Radiopharmaceutical", "Radiopharmaceutical"),
    Field("Units", "Pixel units"),
    Field("Rows", "Rows", Kind.NUMERIC),
    Field("Columns", "Columns", Kind.NUMERIC),
    Field("PixelSpacing", "Pixel spacing", Kind.STRING, "mm"),
    Field("SliceThickness", "Slice thickness", Kind.NUMERIC, "mm"),
    Field("SpacingBetweenSlices", "Slice spacing", Kind.NUMERIC, "mm"),
    Field("PatientPosition", "Patient position"),
    Field("ImageType", "Image type"),
    Field("Manufacturer", "Manufacturer"),
    Field("ManufacturerModelName", "Model"),
    Field("StationName", "Station"),
    Field("SoftwareVersions", "Software"),
    Field("InstitutionName", "Institution"),
)


def describe(dataset: Dataset, header: Mapping[str, Any]) -> None:
    """Give a new dataset the parameters that its series' header has."""
    names = _names()
    rows = []
    for field in FIELDS:
        if field.kind == Kind.NUMERIC:
            number = values.number(header, field.keyword)
            row = (
                DatasetParameter(numerical_value=number) if number is not None else None
            )
        else:
            words = values.text(header, field.keyword, 4000)
            row = DatasetParameter(string_value=words) if words else None
        if row:
            row.name = names[field.keyword]
            rows.append(row)
    if rows:
        held = DatasetParameterSet.objects.create(
            dataset=dataset, schema=rows[0].name.schema
        )
        for row in rows:
            row.parameterset = held
        DatasetParameter.objects.bulk_create(rows)


def _names() -> dict[str, ParameterName]:
    """Return the schema's parameter names by keyword, made where they are missing."""
    known = {
        name.name: name
        for name in ParameterName.objects.filter(
            schema__namespace=NAMESPACE
        ).select_related("schema")
    }
    if all(field.keyword in known for field in FIELDS):
        return known
    schema, _ = Schema.objects.get_or_create(
        namespace=NAMESPACE,
        defaults={
            "name": "DICOM series",
            "type": Schema.Type.DATASET,
            "immutable": True,
        },
    )
    ParameterName.objects.bulk_create(
        [
            ParameterName(
                schema=schema,
                name=field.keyword,
                full_name=field.full_name,
                units=field.units,
                data_type=field.kind,
                is_searchable=True,
                immutable=True,
                order=order,
            )
            for order, field in enumerate(FIELDS)
        ],
        ignore_conflicts=True,
    )
    names = ParameterName.objects.filter(schema=schema).select_related("schema")
    return {name.name: name for name in names}
