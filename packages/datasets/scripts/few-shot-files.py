"""Prints, as JSON, the file lists that the papers' code draws from a split file, by "shots/seed", for the tests of src/sampling.

    python3 few-shot-files.py SPLIT.json

The procedure is that of data set classes with a split file: read the split, seed the generator, draw from train and then from val.
"""
import json
import random
import sys
from collections import defaultdict

split = json.load(open(sys.argv[1], encoding="utf-8"))


def draw(rows, count):
    by_label = defaultdict(list)
    for path, label, _ in rows:
        by_label[label].append(path)
    return [path for paths in by_label.values() for path in (random.sample(paths, count) if len(paths) >= count else paths)]


result = {}
for shots in (1, 2, 4, 8, 16):
    for seed in (1, 2, 3):
        random.seed(seed)
        train = draw(split["train"], shots)
        result[f"{shots}/{seed}"] = {"train": train, "val": draw(split["val"], min(shots, 4))}
print(json.dumps(result))
