"""The worker's part of health: administrators are told of what cannot wait."""

from portal.health import telling
from portal.jobs import app


@app.task(name="tell_of_concerns")
def tell_of_concerns() -> None:
    """Mail what has been wrong for a while."""
    telling.tell_administrators()
