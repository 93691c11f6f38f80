"""A made-up head for `imagetrove demo`: nobody's, drawn from ellipsoids and noise.

Coordinates are DICOM's, in mm: x to the left, y to the back, z up; the origin lies
between the ears. The head is a function of the point, so that every series cuts the
same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Point = tuple[float, float, float]

# How soft an edge is, and the sizes of what is folded, in mm.
EDGE = 1.4
SULCUS, CORTEX, SULCUS_DEPTH = 0.9, 3.9, 21
# The noise that folds it: a periodic cube, whose waves are about as long as given.
CUBE_SIDE, VOXEL, SEED = 96, 2.5, 2014

TISSUES = ("air", "fat", "muscle", "bone", "marrow", "csf", "gray", "white", "eye")
# What each tissue looks like: arbitrary units for MR, Hounsfield units for CT.
CONTRASTS = {
    "T1": dict(zip(TISSUES, (0, 800, 310, 45, 480, 110, 430, 640, 130), strict=True)),
    "T2": dict(zip(TISSUES, (0, 620, 230, 35, 330, 980, 540, 390, 930), strict=True)),
    "FLAIR": dict(zip(TISSUES, (0, 560, 280, 30, 280, 70, 560, 430, 90), strict=True)),
    "EPI": dict(zip(TISSUES, (0, 60, 90, 10, 30, 900, 600, 450, 500), strict=True)),
    "CT": dict(zip(TISSUES, (-1000, -90, 55, 1250, 480, 8, 38, 28, 12), strict=True)),
}


@dataclass(frozen=True)
class Plane:
    """A slice: where its first pixel is, the ways right and down, pixel size in mm."""

    position: Point
    right: Point
    down: Point
    spacing: float
    rows: int
    columns: int

    @property
    def coordinates(self) -> list[Array]:
        """The x, y and z of the pixels, to be broadcast to rows × columns.

        A plane lies along the axes, so each of them runs along one side, or is one.
        """
        down, right = np.ogrid[0 : self.rows, 0 : self.columns]
        return [
            np.asarray(
                start
                + self.spacing
                * (right if across else down if along else right[:, :1])
                * (across or along),
                dtype=np.float32,
            )
            for start, across, along in zip(
                self.position, self.right, self.down, strict=True
            )
        ]


@dataclass(frozen=True)
class Ellipsoid:
    """One part; `below` is the radius downwards where that differs."""

    tissue: str
    centre: Point
    radii: Point
    below: float | None = None

    def depth(self, coordinates: Sequence[Array]) -> Array | None:
        """Return about how many mm each point lies inside, negative outside.

        None if none of them is near.
        """
        squares = []
        for axis, centre, radius in zip(
            coordinates, self.centre, self.radii, strict=True
        ):
            squares.append(((axis - centre) / radius) ** 2)
        if self.below is not None:
            z, middle = coordinates[2], self.centre[2]
            squares[2] = np.where(
                z < middle, ((z - middle) / self.below) ** 2, squares[2]
            )
        if sum(float(square.min()) for square in squares) > 1.2:
            return None
        far = np.sqrt(squares[0] + squares[1] + squares[2])
        return np.asarray((1 - far) * min(self.radii), dtype=np.float32)


def _pair(tissue: str, centre: Point, radii: Point) -> tuple[Ellipsoid, Ellipsoid]:
    x, y, z = centre
    return (
        Ellipsoid(tissue, centre, radii),
        Ellipsoid(tissue, (-x, y, z), radii),
    )


# Painted one over the other, the later on top.
OUTSIDE = (
    Ellipsoid("fat", (0, 30, -105), (52, 54, 90)),
    Ellipsoid("fat", (0, 30, -150), (88, 58, 56)),
    Ellipsoid("fat", (0, -30, -50), (59, 61, 64)),
    Ellipsoid("fat", (0, 14, -60), (60, 66, 50)),
    Ellipsoid("fat", (0, -86, -38), (13, 23, 17)),
    Ellipsoid("fat", (0, -70, -98), (27, 24, 19)),
    *_pair("fat", (66, 15, -26), (5, 12, 22)),
    Ellipsoid("fat", (0, 3, 14), (74, 95, 78)),
    Ellipsoid("muscle", (0, 30, -105), (47, 49, 87)),
    Ellipsoid("muscle", (0, 30, -150), (83, 53, 51)),
    Ellipsoid("muscle", (0, -28, -50), (54, 57, 60)),
    Ellipsoid("muscle", (0, 14, -60), (55, 61, 46)),
    Ellipsoid("muscle", (0, -84, -38), (8, 19, 12)),
    *_pair("muscle", (58, -6, -6), (13, 34, 34)),
    # Jaw and neck.
    *_pair("bone", (45, -20, -66), (6, 15, 30)),
    *_pair("marrow", (45, -20, -66), (3.5, 12, 27)),
    Ellipsoid("bone", (0, -70, -97), (24, 14, 11)),
    Ellipsoid("marrow", (0, -70, -97), (20, 10, 8)),
    *(
        Ellipsoid(tissue, (0, 22 + step, -76.0 - 17 * step), (wide, deep, tall))
        for step in range(4)
        for tissue, wide, deep, tall in (("bone", 15, 11, 8), ("marrow", 13, 9, 6.5))
    ),
    *(
        Ellipsoid(tissue, (0, 66 + step, -78.0 - 17 * step), (wide, deep, tall))
        for step in range(4)
        for tissue, wide, deep, tall in (("bone", 6, 13, 5), ("marrow", 4, 11, 3.5))
    ),
)
SKULL = (
    Ellipsoid("bone", (0, 4, 16), (69.5, 89.5, 72), below=50),
    Ellipsoid("bone", (0, 44, -30), (57, 44, 31)),
    Ellipsoid("marrow", (0, 4, 16), (67.7, 87.7, 70.2), below=48),
    Ellipsoid("bone", (0, 4, 16), (64.8, 84.8, 67.3), below=45),
    *_pair("bone", (46, 16, -32), (20, 18, 14)),
    Ellipsoid("bone", (0, -10, -32), (20, 40, 12)),
    Ellipsoid("marrow", (0, 0, -38), (12, 14, 11)),
)
INSIDE = (
    Ellipsoid("csf", (0, 4, 17), (63, 83, 65), below=40),
    *_pair("csf", (38, -14, -14), (25, 36, 21)),
    Ellipsoid("csf", (0, 44, -31), (51, 34, 25)),
    Ellipsoid("csf", (0, 24, -45), (20, 20, 26)),
    Ellipsoid("csf", (0, 44, -95), (10, 9, 62)),
)
FACE = (
    Ellipsoid("air", (0, -58, -44), (11, 26, 15)),
    Ellipsoid("muscle", (0, -58, -44), (1.5, 26, 15)),
    *_pair("muscle", (7, -58, -48), (3, 20, 4)),
    *_pair("air", (27, -56, -46), (12, 15, 16)),
    Ellipsoid("air", (0, -32, -24), (12, 11, 8)),
    Ellipsoid("air", (0, -78, 4), (15, 5, 9)),
    Ellipsoid("bone", (0, -58, -63), (22, 28, 3)),
    Ellipsoid("muscle", (0, -50, -78), (23, 27, 15)),
    Ellipsoid("air", (0, -14, -76), (9, 6, 36)),
    *_pair("air", (50, 22, -32), (8, 9, 8)),
    *_pair("fat", (32, -58, -20), (19, 24, 17)),
    *_pair("muscle", (24, -56, -20), (2.5, 20, 4)),
    *_pair("muscle", (42, -58, -20), (2.5, 20, 4)),
    *_pair("white", (29, -48, -20), (2.5, 18, 2.5)),
    *_pair("eye", (33, -70, -20), (12.5, 12.5, 12.5)),
    *_pair("muscle", (33, -79.5, -20), (5, 2.5, 5)),
)
CEREBRUM = (
    Ellipsoid("white", (0, 4, 17), (61, 81, 63), below=35),
    *_pair("white", (38, -14, -14), (23, 34, 19)),
)
CEREBELLUM = (
    *_pair("gray", (22, 46, -31), (26, 30, 21)),
    Ellipsoid("gray", (0, 48, -30), (16, 28, 22)),
)
DEEP = (
    # The callosum is an arch: its inside is painted over by the ventricles.
    Ellipsoid("white", (0, 2, 6), (16, 38, 22), below=9),
    Ellipsoid("csf", (0, 1, 4), (3, 31, 16), below=7),
    *_pair("csf", (9, -4, 12), (7, 30, 8)),
    *_pair("csf", (12, -27, 9), (7, 12, 11)),
    *_pair("csf", (22, 32, 6), (7, 16, 10)),
    *_pair("csf", (33, 6, -14), (3.5, 17, 4)),
    *_pair("white", (7, 6, 6), (5, 22, 3)),
    *_pair("gray", (11, 8, 1), (9, 15, 9)),
    *_pair("gray", (17, -20, 10), (5, 10, 10)),
    *_pair("gray", (27, -6, 3), (5.5, 18, 11)),
    *_pair("csf", (47, -6, 4), (5, 19, 2.6)),
    *_pair("csf", (44, -4, 6), (2, 17, 14)),
    Ellipsoid("csf", (0, 6, -2), (2.5, 14, 9)),
    Ellipsoid("gray", (0, 6, 0), (3, 4, 3.5)),
    Ellipsoid("white", (0, 14, -12), (15, 11, 13)),
    Ellipsoid("white", (0, 17, -30), (17, 14, 15)),
    Ellipsoid("white", (0, 28, -56), (9, 9, 24)),
    Ellipsoid("csf", (0, 34, -30), (8, 5, 10)),
    Ellipsoid("csf", (0, 27, -12), (1.5, 1.5, 8)),
    Ellipsoid("white", (0, 44, -100), (6.5, 5, 60)),
    Ellipsoid("gray", (0, -12, -21), (6, 5, 4)),
)
# The cleft between the halves does not reach into this.
BELOW_CLEFT = Ellipsoid("", (0, 2, 6), (60, 40, 24), below=14)


def draw(plane: Plane, contrast: str) -> Array:
    """Return the head in a plane as a contrast has it, rows × columns, noiseless."""
    painting = _Painting(plane, CONTRASTS[contrast])
    for part in (*OUTSIDE, *SKULL, *FACE, *INSIDE):
        painting.add(part)
    painting.fold_cerebrum()
    painting.fold_cerebellum()
    for part in DEEP:
        painting.add(part)
    return painting.picture


def magnitude(plane: Plane, contrast: str, *, noise: float, seed: list[int]) -> Array:
    """Return what a magnet sees: brighter near the coil, with Rician noise."""
    x, y, z = plane.coordinates
    coil = 1.1 - (x**2 + (y - 10) ** 2 + (z - 20) ** 2) / 300**2 * 2
    signal = draw(plane, contrast) * np.clip(coil, 0.3, None)
    random = np.random.default_rng(seed)
    real, imaginary = random.standard_normal((2, *signal.shape)) * noise
    seen: Array = np.hypot(signal + real, imaginary)
    return seen


def hounsfield(plane: Plane, *, noise: float, seed: list[int]) -> Array:
    """Return what an X-ray tube sees, in Hounsfield units, with noise."""
    signal = draw(plane, "CT")
    random = np.random.default_rng(seed)
    return signal + random.standard_normal(signal.shape, dtype=np.float32) * noise


class _Painting:
    """The picture of one plane, painted part by part."""

    def __init__(self, plane: Plane, contrast: Mapping[str, float]) -> None:
        self.coordinates = plane.coordinates
        self.contrast = contrast
        self.picture = np.full(
            (plane.rows, plane.columns), contrast["air"], dtype=np.float32
        )

    def add(self, part: Ellipsoid) -> None:
        depth = part.depth(self.coordinates)
        if depth is not None:
            self.paint(part.tissue, depth)

    def paint(self, tissue: str, depth: Array) -> None:
        """Paint a tissue where the depth is positive, softly at the edge."""
        cover = np.clip(depth / EDGE + 0.5, 0, 1)
        self.picture += cover * (self.contrast[tissue] - self.picture)

    def fold_cerebrum(self) -> None:
        """Paint the grey matter along the folds, and the white within."""
        brain = _deepest(CEREBRUM, self.coordinates)
        if brain is None:
            return
        folds = np.abs(_noise(23, self.coordinates)) * 3.7
        to_fold = folds + np.maximum(brain - SULCUS_DEPTH, 0)
        inside = np.minimum(np.minimum(brain, to_fold), self._from_cleft())
        self.paint("gray", np.minimum(inside - SULCUS, brain))
        self.paint("white", inside - CORTEX)

    def fold_cerebellum(self) -> None:
        """Paint the leaves of the cerebellum, and the white tree within."""
        small = _deepest(CEREBELLUM, self.coordinates)
        if small is None:
            return
        _, y, z = self.coordinates
        leaves = np.sin((z + 0.35 * y + 2.5 * _noise(20, self.coordinates)) * 1.05)
        self.paint("gray", small)
        self.paint("csf", np.minimum(small, np.minimum(leaves - 0.86, 9 - small)))
        self.paint("white", small - 8 - 4 * np.abs(leaves))

    def _from_cleft(self) -> Array:
        """Return the mm to the cleft between the halves, which ends at the callosum."""
        cleft = np.abs(self.coordinates[0] + 0.8 * _noise(40, self.coordinates)) + 0.4
        within = BELOW_CLEFT.depth(self.coordinates)
        return cleft if within is None else cleft + np.maximum(within, 0) * 2


def _deepest(parts: Sequence[Ellipsoid], coordinates: Sequence[Array]) -> Array | None:
    depths = [part.depth(coordinates) for part in parts]
    near = [depth for depth in depths if depth is not None]
    return np.maximum.reduce(near) if near else None


def _noise(wave: float, coordinates: Sequence[Array]) -> Array:
    """Return smooth noise of mean 0 and deviation 1 at points, waves in mm."""
    cube = _cube(wave)
    places = [axis / VOXEL for axis in coordinates]
    lower = [np.floor(place).astype(int) for place in places]
    parts = [place - low for place, low in zip(places, lower, strict=True)]
    value = np.float32(0)
    for corner in np.ndindex(2, 2, 2):
        i, j, k = (
            (low + step) % CUBE_SIDE for low, step in zip(lower, corner, strict=True)
        )
        a, b, c = (
            part if step else 1 - part for part, step in zip(parts, corner, strict=True)
        )
        value = value + (a * b * c) * cube[i, j, k]
    return np.asarray(value, dtype=np.float32)


@cache
def _cube(wave: float) -> Array:
    """Return a periodic cube of noise whose waves are about `wave` mm long."""
    noise = np.random.default_rng(SEED).standard_normal((CUBE_SIDE,) * 3)
    steps = np.fft.fftfreq(CUBE_SIDE, VOXEL)
    last = np.fft.rfftfreq(CUBE_SIDE, VOXEL)
    i, j, k = np.meshgrid(steps, steps, last, indexing="ij", sparse=True)
    far = np.sqrt(i**2 + j**2 + k**2) * wave
    smooth = np.fft.irfftn(
        np.fft.rfftn(noise) * np.exp(-((far - 1) ** 2) / 0.08),
        s=noise.shape,
        axes=(0, 1, 2),
    )
    return (smooth / smooth.std()).astype(np.float32)
