"""What the beat asks for is something that the worker can do."""

from django.conf import settings

from portal.jobs import app


def test_the_worker_knows_every_task_of_the_beat():
    asked = {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}

    app.loader.import_default_modules()

    assert len(asked) > 5
    assert asked <= set(app.tasks)
