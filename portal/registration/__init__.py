"""Service: a series arrives. One transaction, safe to repeat; the rest is parked.

May import the rooms, the foundations and `rules`; no other service.
"""
