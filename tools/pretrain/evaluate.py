"""Zero-shot accuracy of the embedded CLIP."""

import random

import torch

CONCRETE = ("animal-", "plant-", "food-", "drink", "transport-ground", "transport-water", "transport-air", "clothing",
            "musical-instrument", "tool", "household")


def concrete_labels(labels: list[dict], count: int = 100) -> list[int]:
    """A fixed draw of labels from the subgroups of things that can be touched."""
    things = [i for i, item in enumerate(labels) if item["seen"] and item["subgroup"].startswith(CONCRETE)]
    return sorted(random.Random(0).sample(things, count))


@torch.no_grad()
def text_features(model, captions, chosen: list[int], template: str = "a photo of a {}."):
    return model.encode_text(captions.batch([template.format(captions.names[i]) for i in chosen]))


@torch.no_grad()
def image_features(model, images):
    return torch.cat([model.encode_image(part) for part in images.split(512)])


def top1(model, captions, features, wanted, chosen: list[int]) -> float:
    """Share of the pictures of the chosen labels that are nearest to their own label among the chosen.

    features [N, E]: see image_features; wanted [N]: label of each picture.
    """
    inside = torch.isin(wanted, torch.tensor(chosen))
    logits = features[inside] @ text_features(model, captions, chosen).T
    guess = torch.tensor(chosen)[logits.argmax(1)]
    return (guess == wanted[inside]).float().mean().item()
