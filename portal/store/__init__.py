"""Room: where the bytes are. Storage boxes, replicas, and what opens them.

May import catalogue and the foundations. `files.py` alone opens files in the store.
"""
