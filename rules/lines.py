"""Where the tables and keys of a TOML document stand, since tomllib does not say."""

import re
from collections import Counter

# Names from the top of the document down; a number is a place in an array of tables.
Path = tuple[str | int, ...]

NAME = r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'"""
DOTTED = rf"(?:{NAME})(?:\s*\.\s*(?:{NAME}))*"
HEADING = re.compile(rf"\s*(\[\[?)\s*({DOTTED})\s*\]")
KEY = re.compile(rf"\s*({DOTTED})\s*=")


class Lines:
    """The lines of one document, numbered from 1."""

    def __init__(self, text: str) -> None:
        self._found: dict[Path, int] = {}
        self._tables: Counter[Path] = Counter()
        table: Path = ()
        for number, line in enumerate(text.split("\n"), 1):
            if heading := HEADING.match(line):
                table = self._table(_names(heading[2]), is_array=heading[1] == "[[")
                self._found.setdefault(table, number)
            elif key := KEY.match(line):
                self._note(table, _names(key[1]), number)

    def of(self, path: Path) -> int:
        """Return the line of a table or key; where it has none, of what it is in."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._found:
                return self._found[path[:length]]
        return 1

    def _table(self, names: list[str], *, is_array: bool) -> Path:
        """Return the path of a heading; names of arrays mean their newest table."""
        path: Path = ()
        for name in names[:-1]:
            path += (name,)
            if self._tables[path]:
                path += (self._tables[path] - 1,)
        path += (names[-1],)
        if not is_array:
            return path
        self._tables[path] += 1
        return (*path, self._tables[path] - 1)

    def _note(self, table: Path, names: list[str], number: int) -> None:
        for length in range(1, len(names) + 1):
            self._found.setdefault((*table, *names[:length]), number)


def _names(dotted: str) -> list[str]:
    return [name.strip("\"'") for name in re.findall(NAME, dotted)]
