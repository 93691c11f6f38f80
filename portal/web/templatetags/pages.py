"""Icons, moments and sizes, as every page writes them."""

from datetime import datetime

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

UNITS = ("kB", "MB", "GB", "TB", "PB")


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; beside a word, so that readers need not hear it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="{}#{}"></use></svg>',
        static("vendor/bootstrap-icons/icons.svg"),
        name,
    )


@register.simple_tag
def moment(time: datetime | None, *, seconds: bool = False) -> SafeString | str:
    """Return a time in the site's zone, with the day where it is not today."""
    if time is None:
        return ""
    local = timezone.localtime(time)
    clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    today = local.date() == timezone.localdate()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "l j F Y, H:i:s T"),
        clock if today else f"{date_format(local, 'j M Y')}, {clock}",
    )


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw a form's field as the pages draw theirs, tied to its help."""
    checkbox = field.widget_type == "checkbox"
    attributes: dict[str, str | bool] = {
        "class": "form-check-input" if checkbox else "form-control"
    }
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)


@register.filter
def size(count: int | None) -> str:
    """Return bytes in decimal units, as 1.2 GB or 139 kB."""
    if count is None:
        return "unknown size"
    if count < 1000:
        return f"{count} bytes" if count != 1 else "1 byte"
    value = count / 1000
    units = iter(UNITS)
    unit = next(units)
    while value >= 999.5 and (larger := next(units, None)):
        value, unit = value / 1000, larger
    return f"{value:,.{1 if value < 9.95 else 0}f} {unit}"


@register.simple_tag
def short_name(name: str) -> SafeString:
    """Return a long name without its middle, since UIDs differ at their ends.

    A phone shows the end alone; who points at it, or hears it, gets the whole.
    """
    if len(name) <= 24:
        return format_html("{}", name)
    return format_html(
        '<span title="{}"><span class="d-none d-sm-inline">{}</span>…{}</span>',
        name,
        name[:12],
        name[-11:],
    )


@register.filter
def plain(value: str | float | datetime | None) -> str:
    """Return a parameter's value as the field writes it: 2300, 2.98, T1."""
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "j M Y, H:i:s")
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return "" if value is None else str(value)
