"""The five states, always the same words, each with its sign and its tone."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma

from portal.catalogue.models import Datafile, Dataset


@dataclass(frozen=True)
class State:
    """A word with its icon's name, its tone (good, wait, bad, calm), and a detail."""

    word: str
    icon: str
    tone: str
    detail: str = ""


COMPLETE = State("complete", "check-circle", "calm")
VERIFIED = State("verified", "check2-all", "good")
PARKED = State("parked", "pause-circle", "wait")
AGAIN = State("parked", "arrow-repeat", "wait", "to be taken in again")
FORGETTING = State("parked", "arrow-repeat", "wait", "to be removed")
IGNORED = State("parked", "pause-circle", "calm", "ignored")
REGISTERED = State("registered", "check-circle", "good")


def receiving(detail: str) -> State:
    return State("receiving", "arrow-down-circle", "wait", detail)


def damaged(detail: str = "") -> State:
    return State("damaged", "exclamation-triangle", "bad", detail)


def of_dataset(dataset: Dataset) -> State:
    """Return the state of a dataset; damage is what a person must know first."""
    if dataset.damaged_count:
        return damaged(f"{some(dataset.damaged_count)} of {_files(dataset)}")
    if dataset.is_receiving:
        return receiving(f"{_files(dataset)} so far")
    if dataset.is_verified:
        return VERIFIED
    return COMPLETE


def of_datafile(datafile: Datafile) -> State:
    """Return the state of one file; its replicas are to be fetched before."""
    replicas = datafile.replicas.all()
    if any(replica.damage for replica in replicas):
        return damaged()
    if any(replica.verified for replica in replicas):
        return VERIFIED
    return COMPLETE


def of_many(
    datasets: int, *, receiving_count: int, verified_count: int, damaged_count: int
) -> State:
    """Return the state of several datasets from how many of them are in which."""
    if damaged_count:
        return damaged(f"{some(damaged_count)} of {_datasets(datasets)}")
    if receiving_count:
        return receiving(_datasets(receiving_count))
    if datasets and verified_count == datasets:
        return VERIFIED
    return COMPLETE


def some(count: int) -> str:
    """Return a number as pages write it: 2,914."""
    return intcomma(count)


def _files(dataset: Dataset) -> str:
    count = dataset.file_count
    return f"{some(count)} file{'' if count == 1 else 's'}"


def _datasets(count: int) -> str:
    return f"{some(count)} dataset{'' if count == 1 else 's'}"
