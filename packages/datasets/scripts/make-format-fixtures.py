"""Writes fixtures/formats/*: small images of formats and depths that people have, and formats.json, the pixels that one expects.

Needs: pip install pillow pillow-heif numpy tifffile
    python make-format-fixtures.py FIXTURES_FOLDER

The pixels are a ramp, computed here with numpy: 16 bits divided by 257, real numbers from 0 to 1 times 255.
"""
import json
import os
import sys

import numpy as np
import pillow_heif
import tifffile
from PIL import Image

out = os.path.join(sys.argv[1], "formats")
os.makedirs(out, exist_ok=True)
y, x = np.mgrid[0:12, 0:16]
ramp = (x * 4000 + y * 300).astype(np.uint16)
colour = np.stack([ramp, 65535 - ramp, ramp // 2], -1)
eight = lambda values: np.rint(values / 257).astype(int)
grey = lambda values: np.repeat(eight(values)[..., None], 3, -1)
expected = {}


def note(name, pixels, within):
    expected[name] = {"width": 16, "height": 12, "within": within, "rgb": pixels.reshape(-1).tolist()}


Image.fromarray(ramp).save(f"{out}/grey16.png")
note("grey16.png", grey(ramp), 1)
tifffile.imwrite(f"{out}/grey16.tif", ramp, photometric="minisblack")
note("grey16.tif", grey(ramp), 1)
tifffile.imwrite(f"{out}/rgb16.tif", colour, photometric="rgb")
note("rgb16.tif", eight(colour), 1)
tifffile.imwrite(f"{out}/float-unit.tif", (ramp / 65535).astype(np.float32), photometric="minisblack")
note("float-unit.tif", grey(ramp), 1)
tifffile.imwrite(f"{out}/float-rgb-255.tif", (colour / 257).astype(np.float32), photometric="rgb")
note("float-rgb-255.tif", eight(colour), 1)
tifffile.imwrite(f"{out}/float-outside.tif", (ramp - 30000.0).astype(np.float32), photometric="minisblack")
smooth = Image.fromarray(np.stack([x * 15, y * 20, 255 - x * 15], -1).astype(np.uint8))
pillow_heif.from_pillow(smooth).save(f"{out}/phone.heic", quality=95, chroma=444)
note("phone.heic", np.asarray(pillow_heif.open_heif(f"{out}/phone.heic", convert_hdr_to_8bit=True).to_pillow().convert("RGB")).astype(int), 3)
frames = [smooth, Image.fromarray(255 - np.asarray(smooth))]
frames[0].save(f"{out}/animated.gif", save_all=True, append_images=frames[1:])
frames[0].save(f"{out}/animated.webp", save_all=True, append_images=frames[1:], lossless=True)
note("animated.webp", np.asarray(smooth).astype(int), 0)
json.dump(expected, open(f"{out}/formats.json", "w"))
