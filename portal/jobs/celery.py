"""The Celery app of worker and beat, and the one way to wake a task."""

import logging
import os
import time

from celery import Celery
from celery.signals import beat_init
from django.db import transaction
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")

log = logging.getLogger(__name__)

app = Celery("imagetrove")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# How long a broker is left alone that did not answer: one that hangs costs seconds at
# each try, and who waits is who registers a scan.
REST_SECONDS = 30
rest = {"until": 0.0}


def wake(name: str) -> None:
    """Ask the worker to run task `name` once the current transaction is committed.

    A broker that is away costs time, not work: the beat asks again for what is due.
    """
    transaction.on_commit(lambda: _send(name))


@beat_init.connect
def _beat_at_once(**_: object) -> None:
    """Do not let a new box wait an interval for its first sign of life."""
    _send("heartbeat")


def _send(name: str) -> None:
    if time.monotonic() < rest["until"]:
        return
    try:
        app.send_task(name)
    except OperationalError as error:
        rest["until"] = time.monotonic() + REST_SECONDS
        log.warning("Cannot wake %s now, the beat will (%s)", name, error)
