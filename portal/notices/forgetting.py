"""The outbox keeps what was told for a while, so that it is told once; not for ever."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from portal.notices import outbox
from portal.notices.models import Message, News

# How long it is kept what was told.
KEPT = timedelta(days=90)


def forget_old() -> None:
    """Forget what was told long ago, and the text of what is not sent again."""
    now = timezone.now()
    ended = ~Q(sent_time=None) | ~Q(given_up_time=None)
    Message.objects.filter(ended, made_time__lt=now - KEPT).delete()
    News.objects.filter(done_time__lt=now - KEPT).delete()
    left = Message.objects.filter(given_up_time__lt=now - outbox.RECENT)
    left.exclude(body="").update(body="")
