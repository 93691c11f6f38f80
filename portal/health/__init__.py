"""What the box says of itself: programs, ingest, verification, work, disks, versions.

Between the doors and the services, since it asks them all. May import the services,
rooms and foundations; answers whatever is down, and writes nothing but mail about it.
"""

from portal.health.report import Report, look

__all__ = ["Report", "look"]
