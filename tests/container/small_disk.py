"""A box on a disk that can be filled."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.box import IMAGE, LABEL, Box
from tests.commands import docker

FILLER = "/imagetrove/filler"


class SmallDiskBox(Box):
    """A box whose volumes lie on a small disk of memory, which outlives its container.

    Nobody else has that disk mounted, so its files are read through the box.
    """

    def __init__(self, *, megabytes: int) -> None:
        super().__init__(environment={"IMAGETROVE_STABLE_AGE": "1"})
        self.disk = f"{self.name}-disk"
        self.options = ("--volumes-from", self.disk)
        volume = (
            "type=volume,dst=/imagetrove,volume-driver=local,volume-opt=type=tmpfs,"
            f"volume-opt=device=tmpfs,volume-opt=o=size={megabytes}m"
        )
        holder = ("--name", self.disk, "--label", LABEL, "--no-healthcheck")
        sleep = ("--entrypoint", "sleep", IMAGE, "infinity")
        docker("run", "--detach", *holder, "--mount", volume, *sleep)

    def remove(self) -> None:
        super().remove()
        docker("rm", "--force", "--volumes", self.disk, check=False)

    @contextmanager
    def full(self, *, but_kilobytes: int = 0) -> Iterator[None]:
        """Fill the disk, but for a little; there is room again afterwards."""
        fill = f"dd if=/dev/zero of={FILLER} bs=4k 2>/dev/null"
        leave = f"truncate --size=-{but_kilobytes}K {FILLER}"
        self.run("sh", "-c", f"{fill}; {leave}")
        try:
            yield
        finally:
            self.run("rm", FILLER)

    def secret(self, name: str) -> str:
        return self.run("cat", f"/data/secrets/{name}").stdout.strip()

    def log(self, program: str) -> str:
        return self.run("cat", f"/var/log/imagetrove/{program}.log").stdout

    def files(self, folder: str) -> dict[str, int]:
        """Return every file below a folder, with its size."""
        found = self.run(
            "find", "-L", folder, "-type", "f", "-printf", "%s %f\n"
        ).stdout
        rows = (line.split(" ", 1) for line in found.splitlines())
        return {name: int(size) for size, name in rows}

    def _mounts(self) -> list[str]:
        return []
