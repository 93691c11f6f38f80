"""Version 1: one resource, one module."""
