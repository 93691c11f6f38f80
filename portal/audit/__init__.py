"""Foundation: the trail. Who signed in, looked, downloaded, shared, changed what.

It is only ever added to. Imports nothing of the house but jobs.
"""
