"""What is open about a series that fits nowhere: one word for each kind of reason."""

from enum import StrEnum


class Question(StrEnum):
    """What a person must decide, or look at, before a series can have a place."""

    HEADER = "header"
    UID = "uid"
    UNMATCHED = "unmatched"
    PROJECT = "project"
    KEY = "key"
    EXPERIMENT = "experiment"
    PATIENT = "patient"
    STUDY = "study"
    PEOPLE = "people"
    # Nobody's decision: it stumbled, or its files are gone.
    FAILED = "failed"
    LOST = "lost"
    OTHER = "other"
