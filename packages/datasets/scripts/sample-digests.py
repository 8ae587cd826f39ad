"""Prints, as JSON, SHA-256 digests of what CPython's random.sample draws, for the tests of src/sampling.

    python3 sample-digests.py > ../fixtures/sample-digests.json

"sample": per "shots/seed", all samples of lists of 1 to 2000 numbers, one after the other from one generator.
"few-shot": per "shots/seed", the numbers drawn from a train and a val split with classes of many sizes.
"""
import hashlib
import json
import random


def digest(lists):
    return hashlib.sha256("\n".join(",".join(map(str, row)) for row in lists).encode()).hexdigest()


def draw(sizes, shots, first):
    out = []
    for size in sizes:
        items = list(range(first, first + size))
        out += random.sample(items, shots) if size >= shots else items
        first += size
    return out


# Class sizes of a made-up set of 40 classes; item numbers run through the train split, then through the val split.
train = [(i * 37) % 113 + 1 for i in range(40)]
val = [(i * 11) % 17 + 1 for i in range(40)]
result = {"sample": {}, "few-shot": {}}
for seed in (1, 2, 3):
    for shots in (1, 2, 4, 8, 16):
        random.seed(seed)
        rows = [random.sample(range(length), min(shots, length)) for length in range(1, 2001)]
        result["sample"][f"{shots}/{seed}"] = digest(rows)
        random.seed(seed)
        result["few-shot"][f"{shots}/{seed}"] = digest([draw(train, shots, 0), draw(val, min(shots, 4), 100000)])
print(json.dumps(result, indent=1))
