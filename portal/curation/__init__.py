"""Service: what is registered is put right. Flags, corrections, and their undoing.

A correction changes the catalogue's grouping and names, and who sees what; never bytes,
UIDs or where a file is. May import the rooms and foundations; no other service.
"""
