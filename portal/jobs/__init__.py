"""Foundation: background work. The Celery app, and the table of what is due.

The database is the truth about what is to be done; a message through Valkey only says
"look now". Imports nothing of the house.
"""

from portal.jobs.celery import app

__all__ = ["app"]
