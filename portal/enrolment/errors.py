"""What stops a sync, in a sentence for whoever keeps the list."""


class ListUnusable(Exception):
    """The list cannot be fetched or read; the message says why and what to do."""
