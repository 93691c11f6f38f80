"""Service: new files from old. For now thumbnails, made in a limited process.

May import the rooms and foundations, no other service.
"""
