"""What stops a correction, in a sentence for whoever asked for it."""


class CannotBePutRight(Exception):
    """The message says why, and what to do, for the person who asked."""
