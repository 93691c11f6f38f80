"""Measurements, run by `./imagetrove bench NAME`; see README.md.

Each measures a running box from outside, beside what it is to be compared with.
"""
