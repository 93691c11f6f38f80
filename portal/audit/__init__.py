"""Foundation: the trail. Who signed in, downloaded, shared.

Imports nothing of the house but jobs.
"""
