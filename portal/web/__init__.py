"""Door: the pages that people read.

May import the services, rooms and foundations; no other door. Pages work without
JavaScript; htmx swaps what changes while a scan arrives.
"""
