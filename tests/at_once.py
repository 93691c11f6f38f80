"""Do several things at the same moment, as scanners and people do."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do things in a thread each; return what came of them, errors too."""
    ready = threading.Barrier(len(deeds), timeout=10)
    results: list[Any] = []

    def do(deed: Callable[[], Any]) -> None:
        try:
            ready.wait()
            results.append(deed())
        # The test shows whatever went wrong.
        except Exception as error:  # noqa: BLE001
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[one]) for one in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
