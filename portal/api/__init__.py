"""Door: JSON over HTTP. MyTARDIS's API v1, and the calls of ingest.

May import the services, rooms and foundations; no other door.
"""
