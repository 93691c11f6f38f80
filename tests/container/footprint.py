"""What a program of a box takes: memory and file handles, with its children's."""

from dataclasses import dataclass

from tests.box import Box
from tests.container.supervision import pid

# Run in the box by the program's own user: nobody else may count its handles.
COUNT = """
import os, re, sys
from pathlib import Path

def number(process, name):
    return int(re.search(rf"^{name}:\\s+(\\d+)", process, re.MULTILINE)[1])

processes = {}
for path in Path("/proc").glob("[0-9]*/status"):
    try:
        processes[int(path.parent.name)] = path.read_text()
    except ProcessLookupError:
        pass
family = {int(sys.argv[1])}
while more := {p for p, s in processes.items() if number(s, "PPid") in family} - family:
    family |= more
memory = sum(number(processes[one], "VmRSS") for one in family)
handles = sum(len(os.listdir(f"/proc/{one}/fd")) for one in family)
print(memory, handles)
"""
USERS = {"orthanc": "orthanc", "ingest": "orthanc", "portal": "imagetrove"}


@dataclass(frozen=True)
class Footprint:
    """Resident memory and open file handles."""

    kilobytes: int
    handles: int


def footprint(box: Box, program: str) -> Footprint:
    """Return what a running program and its children take now."""
    words = ("python", "-c", COUNT, str(pid(box, program)))
    kilobytes, handles = box.run(*words, user=USERS[program]).stdout.split()
    return Footprint(int(kilobytes), int(handles))
