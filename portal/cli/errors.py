"""What stops a command, in a sentence for whoever typed it."""


class CommandFails(Exception):
    """The message says what happened and what to do."""
