"""Room: who may see what. `access.py` is the only answer, asked by every door.

May import store, catalogue and the foundations.
"""
