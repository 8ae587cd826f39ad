"""Writes the trained model as float16 safetensors, config.json and tokenizer.json, and measures what it can do.

The held-out styles are looked at here and nowhere else, once, after everything has been chosen.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from data import Captions, Pictures
from evaluate import concrete_labels, image_features, top1
from model import Clip, Shape


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True, help="folder that the model is written into")
    a = p.parse_args()
    state = torch.load(a.run / "checkpoint.pt", weights_only=False)
    weights = {name: value.half().contiguous() for name, value in state["model"].items()}
    a.model.mkdir(parents=True, exist_ok=True)
    save_file(weights, a.model / "model.safetensors")
    (a.model / "model.safetensors").chmod(0o644)
    shutil.copyfile(a.run / "tokenizer.json", a.model / "tokenizer.json")
    shutil.copyfile(a.run / "log.csv", a.model / "training-log.csv")
    shape = Shape()
    (a.model / "config.json").write_text(json.dumps(shape.config(), indent=2) + "\n")

    model = Clip(shape)
    model.load_state_dict({k: v.float() for k, v in load_file(a.model / "model.safetensors").items()})
    model.eval()
    labels = json.loads((a.data / "labels.json").read_text())
    captions = Captions(labels, Tokenizer.from_file(str(a.model / "tokenizer.json")), shape.context_length)
    seen = [i for i, item in enumerate(labels) if item["seen"]]
    sets = {
        "known concepts": seen,
        "100 concrete": concrete_labels(labels),
        "animals": [i for i in seen if labels[i]["subgroup"].startswith("animal-")],
        "food": [i for i in seen if labels[i]["group"] == "food-drink"],
        "transport": [i for i in seen if labels[i]["subgroup"].startswith("transport-")],
        "objects": [i for i in seen if labels[i]["group"] == "objects"],
        "concepts never seen (activities)": [i for i, item in enumerate(labels) if not item["seen"]],
    }
    report = {"images_seen": state["images_seen"], "steps": state["step"], "minutes": state["spent"] / 60, "top1": {}}
    for part in ("validation", "downstream"):
        pictures = Pictures(a.data, part)
        features = image_features(model, pictures.resized(shape.image_size))
        for style in [*dict.fromkeys(pictures.sources), "all styles"]:
            if style == "all styles" and part == "validation":
                continue
            pick = torch.tensor([style in (s, "all styles") for s in pictures.sources])
            row = {}
            for name, chosen in sets.items():
                inside = torch.isin(pictures.labels[pick], torch.tensor(chosen))
                if inside.any():
                    accuracy = top1(model, captions, features[pick], pictures.labels[pick], chosen)
                    row[name] = {"classes": len(chosen), "images": int(inside.sum()), "top1": round(accuracy, 4)}
            report["top1"][f"{style} ({part})"] = row
    (a.model / "evaluation.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
