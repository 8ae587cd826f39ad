"""Writes fixtures/images/*, small images of every kind, and fixtures/images.json, what Pillow makes of them.

Needs: pip install 'pillow<12' numpy (Pillow 13 resizes some tall images columns first, which changes values by up to 2 of
255; the papers' results come from versions that always start with the rows)
    python make-image-fixtures.py FIXTURES_FOLDER

Images that are there already stay as they are. Per file: its size, the SHA-256 of its pixels after convert('RGB'), and per
way of resizing (short side and centre crop, or squashed to the square), kernel and target size the SHA-256 of the float32
values that resize, crop, to-tensor and normalise give, with CLIP's mean and standard deviation.
"""
import glob
import hashlib
import json
import os
import sys

import numpy as np
from PIL import Image

out = sys.argv[1]
rng = np.random.default_rng(7)
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def photo(width, height):
    y, x = np.mgrid[0:height, 0:width].astype(float)
    base = np.stack([127 + 100 * np.sin(x / 17 + y / 29 + c) * np.cos(y / 23 - c) for c in range(3)], -1)
    base += rng.normal(0, 9, base.shape)
    base[height // 3 : height // 2, width // 4 : width // 2] = [250, 20, 90]
    return Image.fromarray(np.clip(base, 0, 255).astype("uint8"))


def save(image, name, **options):
    if not os.path.exists(f"{out}/images/{name}"):
        image.save(f"{out}/images/{name}", **options)


p = photo(75, 56)
tall = photo(40, 97)
save(p, "rgb.png")
save(tall, "tall.png")
save(photo(48, 48), "square.png")
save(photo(1, 9), "thin.png")
y, x = np.mgrid[0:60, 0:90]
save(Image.fromarray(((x // 3 + y // 3) % 2 * 255).astype("uint8")).convert("RGB"), "checkers.png")
save(Image.fromarray(np.stack([x * 2, y * 4, 255 - x * 2], -1).astype("uint8")), "ramp.png")
save(photo(150, 113), "photo-420.jpg", quality=90, subsampling=2)
save(p, "photo-422.jpg", quality=90, subsampling=1)
save(p, "photo-444.jpg", quality=95, subsampling=0)
save(tall, "progressive.jpg", quality=85, progressive=True)
save(p.convert("L"), "grey.jpg")
save(p.convert("L"), "grey.png")
save(p.convert("CMYK"), "cmyk.jpg")
save(p.convert("CMYK"), "cmyk.tif", compression="tiff_lzw")
save(p.quantize(40), "palette.png")
save(p.quantize(40), "palette-alpha.png", transparency=3)
save(p.convert("1"), "bilevel.png")
alpha = p.convert("RGBA")
alpha.putalpha(Image.fromarray((np.mgrid[0:56, 0:75][1] * 3).astype("uint8")))
save(alpha, "alpha.png")
save(alpha.convert("LA"), "grey-alpha.png")
save(alpha, "alpha.webp", lossless=True, exact=True)
save(p, "photo.webp", quality=80)
save(p.quantize(40), "palette.gif")
save(p, "photo.tif", compression="tiff_lzw")
save(Image.fromarray((np.mgrid[0:56, 0:75][1] * 5 + np.mgrid[0:56, 0:75][0] * 9).astype("uint16")), "grey-16.png")
exif = Image.Exif()
exif[0x112] = 6
save(p, "rotated.jpg", exif=exif, quality=90)

KERNELS = {"bicubic": Image.BICUBIC, "bilinear": Image.BILINEAR}


def digest(image):
    values = ((np.asarray(image).astype(np.float32) / np.float32(255)) - MEAN) / STD
    return hashlib.sha256(np.ascontiguousarray(values.transpose(2, 0, 1)).tobytes()).hexdigest()


expected = {}
for file in sorted(glob.glob(f"{out}/images/*")):
    image = Image.open(file).convert("RGB")
    evaluation = {way: {kernel: {} for kernel in KERNELS} for way in ("shortest", "squash")}
    for size in (24, 48, 60, 101):
        width, height = image.size
        short, long = min(width, height), max(width, height)
        if long / short > 5 and size > 60:
            continue
        new_long = int(size * long / short)
        for kernel, filter in KERNELS.items():
            resized = image.resize((size, new_long) if width <= height else (new_long, size), filter)
            left, top = int(round((resized.width - size) / 2.0)), int(round((resized.height - size) / 2.0))
            evaluation["shortest"][kernel][size] = digest(resized.crop((left, top, left + size, top + size)))
            evaluation["squash"][kernel][size] = digest(image.resize((size, size), filter))
    expected[os.path.basename(file)] = {
        "width": image.width, "height": image.height, "rgb": hashlib.sha256(image.tobytes()).hexdigest(), "evaluation": evaluation}
with open(f"{out}/images.json", "w") as f:
    json.dump(expected, f, indent=1)
