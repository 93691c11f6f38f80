"""What no log may hold: the word of a mailed link, which opens an account."""

import logging
import re

# The addresses of such links, as `web/signing_in.py` has them.
WORDS = re.compile(r"(/login/(?:forgotten|confirm)/)\S+")


class WithoutMailedWords(logging.Filter):
    """Takes the word out of an address that Django logs, as with a 403."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without(one) for one in record.args)
        return True


def _without(part: object) -> object:
    return WORDS.sub(r"\1…", part) if isinstance(part, str) else part
