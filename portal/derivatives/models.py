"""The picture of a dataset, or why there is none."""

from django.db import models

from portal.catalogue.models import Dataset


class Thumbnail(models.Model):
    """The middle image of a dataset as a small square picture."""

    dataset = models.OneToOneField(
        Dataset, on_delete=models.CASCADE, related_name="thumbnail"
    )
    # Relative to the store; empty where there is no picture.
    name = models.CharField(max_length=255, blank=True)
    # Plain words, such as "the file has no pixels"; empty where there is a picture.
    reason = models.CharField(max_length=255, blank=True)
    # The instance it was made of, so that it is not made of the same one twice.
    orthanc_instance = models.CharField(max_length=44, blank=True)
    made_time = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name or self.reason
