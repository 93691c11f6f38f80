"""Render one frame of one DICOM file as a small square WebP on standard output.

Run as a process of its own with limits, since it decodes what anybody may have sent:
`python -m portal.derivatives.render FILE FRAME`. Exits with 3 for want of pixels.
"""

import io
import sys
from typing import Any, cast

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array

NO_PIXELS_STATUS = 3
SIDE = 384
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

Pixels = np.ndarray[Any, np.dtype[Any]]


def main(path: str, frame: int) -> int:
    """Write the picture and return the exit status."""
    dataset = pydicom.dcmread(path, force=True)
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        return NO_PIXELS_STATUS
    picture = render(dataset, frame)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=85, method=4)
    sys.stdout.buffer.write(out.getvalue())
    return 0


def render(dataset: Dataset, frame: int) -> Image.Image:
    """Return a frame windowed 1 to 99.5 %, cropped to its content, square, on black."""
    pixels = _to_bytes(dataset, _frame(dataset, frame))
    image = _with_square_pixels(dataset, Image.fromarray(_crop(pixels)))
    scale = SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    square = Image.new(image.mode, (SIDE, SIDE))
    square.paste(
        image.resize((width, height), Image.Resampling.LANCZOS),
        ((SIDE - width) // 2, (SIDE - height) // 2),
    )
    return square


def _frame(dataset: Dataset, frame: int) -> Pixels:
    """Return one frame as rows × columns, or rows × columns × 3 for colour."""
    frames = int(dataset.get("NumberOfFrames") or 1)
    index = min(frame, frames - 1) if frames > 1 else None
    pixels = pixel_array(dataset, index=index)
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        return cast(Pixels, apply_color_lut(pixels, dataset))
    return pixels


def _to_bytes(dataset: Dataset, pixels: Pixels) -> Pixels:
    """Return pixels as 8 bits a channel; grey ones by percentiles of what is there."""
    if pixels.ndim == 3:
        if pixels.dtype != np.uint8:
            pixels = (pixels / max(int(pixels.max()), 1) * 255).astype(np.uint8)
        return pixels[:, :, :3]
    values = np.asarray(apply_modality_lut(pixels, dataset), dtype=np.float32)
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = np.percentile(values, (1, 99.5))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    scaled = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        scaled = 1 - scaled
    return cast(Pixels, (scaled * 255).astype(np.uint8))


def _crop(pixels: Pixels) -> Pixels:
    """Cut away the dark margin, leaving a little air; the whole if all is dark."""
    bright = (pixels if pixels.ndim == 2 else pixels.max(axis=2)) > 20
    rows, columns = (
        np.flatnonzero(bright.any(axis=1)),
        np.flatnonzero(bright.any(axis=0)),
    )
    if rows.size == 0:
        return pixels
    air = max(pixels.shape[:2]) // 40
    top, bottom = max(rows[0] - air, 0), rows[-1] + air + 1
    left, right = max(columns[0] - air, 0), columns[-1] + air + 1
    return pixels[top:bottom, left:right]


def _with_square_pixels(dataset: Dataset, image: Image.Image) -> Image.Image:
    """Stretch an image whose pixels are not square (PS3.3 C.7.6.3.1.7, 10.7.1.3)."""
    spacing = dataset.get("PixelSpacing") or dataset.get("PixelAspectRatio")
    try:
        tall, wide = (float(value) for value in spacing)
    except (TypeError, ValueError):
        return image
    if not (tall > 0 and wide > 0 and 0.1 < tall / wide < 10):
        return image
    height = max(1, round(image.height * tall / min(tall, wide)))
    width = max(1, round(image.width * wide / min(tall, wide)))
    if (width, height) == image.size:
        return image
    return image.resize(
        (min(width, 8192), min(height, 8192)), Image.Resampling.BILINEAR
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
