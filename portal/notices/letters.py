"""What mails about experiments say, with one link: to one, or to all."""

from datetime import date

from django.utils.formats import date_format

from portal.notices import site
from portal.notices.models import News
from portal.notices.titles import named
from portal.notices.wording import Letter, letter

# How many experiments a mail names; the rest is counted.
NAMED = 20


def of_shared(news: list[News]) -> Letter:
    person, first = news[0].person, news[0]
    names = {one.by_name for one in news}
    return letter(
        "shared",
        link=_link(news),
        by=first.by_name if len(names) == 1 else "",
        count=len(news),
        lines=[_line_of_shared(one, names) for one in news[:NAMED]],
        more=max(0, len(news) - NAMED),
        # Their first sign-in is still to come.
        is_new=person.provisioned,
        address=person.email,
    )


def _line_of_shared(news: News, names: set[str]) -> str:
    grant = news.grant
    return "".join(
        (
            named(grant.experiment),
            f", from {news.by_name}" if news.by_name and len(names) > 1 else "",
            f": you may {grant.get_level_display()}",
            f", until {_day(grant.ends)}" if grant.ends else "",
        )
    )


def of_ending(news: list[News]) -> Letter:
    first = news[0].grant
    return letter(
        "ending",
        link=_link(news),
        count=len(news),
        day=_day(first.ends),
        lines=[
            f"{named(one.grant.experiment)}: until {_day(one.grant.ends)}"
            for one in news[:NAMED]
        ],
        more=max(0, len(news) - NAMED),
    )


def _link(news: list[News]) -> str:
    if len(news) == 1:
        return site.link(f"/experiment/view/{news[0].grant.experiment_id}")
    return site.link("/mydata")


def _day(day: date | None) -> str:
    return date_format(day, "j F Y") if day else ""
