"""Program 1: from Orthanc to the portal. Standard library, requests and pydicom.

`daemon.py` is the page to read first. Everything may be repeated: link, then register,
then note the place; a crash between any two steps costs nothing but time.
"""
