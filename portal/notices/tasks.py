"""The worker's part of notices: news become mail, and mail is sent."""

from portal.jobs import app
from portal.notices import digest, forgetting, news, outbox, sending


@app.task(name=outbox.SEND)
def send_mail() -> None:
    """Send what is due; also what was due when nobody was woken."""
    sending.send_what_is_due()


@app.task(name="gather_news")
def gather_news() -> None:
    """Make mail of what people are to be told, and forget what was told long ago."""
    news.look_for_endings()
    digest.gather()
    forgetting.forget_old()
