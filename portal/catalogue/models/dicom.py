"""DICOM's identity: studies, series and instances by their UIDs (PS3.3 A.1.2)."""

from django.db import models

from portal.catalogue.models.datafile import Datafile
from portal.catalogue.models.dataset import Dataset
from portal.catalogue.models.experiment import Experiment
from portal.catalogue.models.project import Visit


class Study(models.Model):
    """A study; it belongs to the experiment whose key its rule made."""

    study_uid = models.CharField(max_length=64, unique=True)
    experiment = models.ForeignKey(
        Experiment, on_delete=models.PROTECT, related_name="studies"
    )
    # None where the study has no date or its subject no identifier.
    visit = models.ForeignKey(
        Visit, null=True, blank=True, on_delete=models.SET_NULL, related_name="studies"
    )
    # A person has put it where it is: who sees it was decided then, so late series let
    # in nobody whom the rules name.
    placed_by_hand = models.BooleanField(default=False)
    description = models.CharField(max_length=255, blank=True)
    # Local to the scanner, as it was sent; the offset too, if it was sent (0008,0201).
    date = models.DateField(null=True, blank=True)
    time = models.TimeField(null=True, blank=True)
    utc_offset = models.CharField(max_length=16, blank=True)
    accession_number = models.CharField(max_length=255, blank=True)
    patient_id = models.CharField(max_length=255, blank=True)
    patient_name = models.CharField(max_length=1000, blank=True)

    class Meta:
        verbose_name_plural = "studies"
        indexes = [models.Index(fields=["date", "time"], name="study_by_date")]

    def __str__(self) -> str:
        return self.study_uid


class Series(models.Model):
    """A series; its dataset holds its instances."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="series")
    series_uid = models.CharField(max_length=64, unique=True)
    dataset = models.OneToOneField(
        Dataset, on_delete=models.CASCADE, related_name="series"
    )
    # Where a person has given it to another subject than its study's; else None.
    visit = models.ForeignKey(
        Visit, null=True, blank=True, on_delete=models.SET_NULL, related_name="series"
    )
    # Orthanc's own name for it; made from patient, study and series, so it may change.
    orthanc_series = models.CharField(max_length=44, db_index=True)
    modality = models.CharField(max_length=16, blank=True)
    number = models.IntegerField(null=True, blank=True)
    description = models.CharField(max_length=255, blank=True)
    protocol_name = models.CharField(max_length=255, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    # The first instance's header, as the rules saw it: keyword → value.
    header = models.JSONField(default=dict)
    # The rule's name (empty: the default), and why, in plain words.
    rule = models.CharField(max_length=255, blank=True)
    reasons = models.JSONField(default=list)
    calling_ae = models.CharField(max_length=64, blank=True)
    called_ae = models.CharField(max_length=64, blank=True)
    sender_address = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "series"
        indexes = [
            models.Index(
                fields=["calling_ae", "sender_address"], name="series_by_sender"
            )
        ]

    def __str__(self) -> str:
        return self.series_uid


class Instance(models.Model):
    """An instance of a series: the DICOM side of one datafile."""

    datafile = models.OneToOneField(
        Datafile, on_delete=models.CASCADE, related_name="instance"
    )
    series = models.ForeignKey(
        Series, on_delete=models.CASCADE, related_name="instances"
    )
    sop_instance_uid = models.CharField(max_length=64)
    # 2 and more: another data set that came under the same UID.
    version = models.PositiveIntegerField(default=1)
    sop_class_uid = models.CharField(max_length=64, blank=True)
    transfer_syntax_uid = models.CharField(max_length=64, blank=True)
    number = models.IntegerField(null=True, blank=True)
    frames = models.PositiveIntegerField(default=1)
    orthanc_instance = models.CharField(max_length=44)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "sop_instance_uid", "version"],
                name="instance_once_per_series",
            )
        ]
        indexes = [
            models.Index(fields=["series", "number"], name="instance_by_number"),
            models.Index(fields=["orthanc_instance"], name="instance_by_orthanc"),
        ]

    def __str__(self) -> str:
        return self.sop_instance_uid
