"""Service: projects and their people, kept in step with the booking system's list.

May import the rooms and the foundations; no other service.
"""
