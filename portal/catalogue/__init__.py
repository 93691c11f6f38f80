"""Room: what exists. MyTARDIS's nouns, DICOM's identity, projects and subjects.

May import accounts, audit and jobs. Knows nothing of bytes (store) or of who may see
what (sharing).
"""
