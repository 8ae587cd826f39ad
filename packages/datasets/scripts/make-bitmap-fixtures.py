"""Writes fixtures/bitmaps: BMP files of all depths, and what they hold as Pillow says.

Needs: pip install numpy pillow
    python make-bitmap-fixtures.py
"""
import json
import struct
from pathlib import Path

import numpy as np
from PIL import Image

folder = Path(__file__).parent.parent / "fixtures" / "bitmaps"
random = np.random.default_rng(1)
WIDTH, HEIGHT = 7, 5
expected = {}


def note(name, rgb):
    rgb = np.asarray(rgb)
    expected[name] = {"width": rgb.shape[1], "height": rgb.shape[0], "rgb": rgb.astype(int).ravel().tolist()}


def draw(count):
    return random.integers(0, 256, count, dtype=np.uint8).tobytes()


def bitmap(name, bits, packing=0, palette=b"", masks=b"", height=HEIGHT):
    pixels = draw((WIDTH * bits + 31) // 32 * 4 * HEIGHT)
    start = 54 + len(masks) + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, packing, len(pixels), 2835, 2835, len(palette) // 4, 0)
    file = b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + masks + palette + pixels
    (folder / name).write_bytes(file)


bitmap("one.bmp", 1, palette=b"\x10\x20\x30\0\xf0\xe0\xd0\0")
bitmap("palette-4.bmp", 4, palette=draw(64))
bitmap("palette-8.bmp", 8, palette=draw(1024))
bitmap("rgb-555.bmp", 16)
bitmap("rgb-565.bmp", 16, 3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
bitmap("rgb-24.bmp", 24)
bitmap("top-down.bmp", 24, height=-HEIGHT)
bitmap("rgb-32.bmp", 32)
pixels = draw((WIDTH * 24 + 31) // 32 * 4 * HEIGHT)
old = b"BM" + struct.pack("<IHHI", 26 + len(pixels), 0, 0, 26) + struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24) + pixels
(folder / "old-header.bmp").write_bytes(old)
for file in sorted(folder.glob("*.bmp")):
    note(file.name, Image.open(file).convert("RGB"))

(folder / "bitmaps.json").write_text(json.dumps(expected) + "\n")
