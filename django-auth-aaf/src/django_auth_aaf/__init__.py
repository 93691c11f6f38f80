"""Sign in by the Australian Access Federation's Rapid Connect.

Somebody is sent to their institution by `views.login` and comes back to
`views.callback` with an assertion: `assertion.py` proves it, `attributes.py` reads it,
`identities.py` says whose account it is. README.md is for whoever installs it.
"""
