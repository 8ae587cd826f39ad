"""Pictures, captions and augmentation. Everything random comes from one torch generator."""

import json
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from model import MEAN, STD

TEMPLATES = ["a photo of a {}.", "a picture of a {}.", "an icon of a {}.", "an emoji of a {}.", "a drawing of a {}."]


class Pictures:
    """`ink` [N, 3, S, S] is 1 - colour over white, `alpha` [N, 1, S, S]; both 8 bits."""

    def __init__(self, folder: Path, name: str):
        meta = json.loads((folder / f"{name}.json").read_text())
        size = meta["size"]
        raw = np.fromfile(folder / f"{name}.bin", dtype=np.uint8).reshape(-1, size, size, 4)
        self.data = torch.from_numpy(raw).permute(0, 3, 1, 2).contiguous()
        self.data[:, :3] = 255 - self.data[:, :3]
        self.ids = [item["id"] for item in meta["items"]]
        self.sources = [i.split("/")[0] for i in self.ids]
        self.labels = torch.tensor([item["label"] for item in meta["items"]])
        colour = self.data[:, :3].float()
        spread = (colour.amax(1) - colour.amin(1)).flatten(1).amax(1)
        missing = (self.data[:, 3].float() - colour.amin(1)).flatten(1).amax(1)
        self.black = (spread < 12) & (missing < 24)  # drawn in plain black

    def resized(self, size: int) -> torch.Tensor:
        """On white, [N, 3, size, size], normalised: what the model is given outside of training."""
        out = []
        for part in self.data[:, :3].split(512):
            image = 1 - F.interpolate(part.float() / 255, (size, size), mode="bicubic", antialias=True).clamp(0, 1)
            out.append(normalised(image))
        return torch.cat(out)


def normalised(images):
    return (images - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


class Sampler:
    """Draws labels without repetition, and two drawings of each: what they share is not the artist's hand.

    Every emoji drawing weighs 1; the plain icons of one label weigh `icons` together at most. A label is drawn
    in proportion to the weight of its drawings.
    """

    def __init__(self, pictures: Pictures, emoji_styles: set[str], icons: float = 6.0):
        icon = torch.tensor([s not in emoji_styles for s in pictures.sources])
        labels = int(pictures.labels.max()) + 1
        count = torch.bincount(pictures.labels[icon], minlength=labels)
        weight = torch.ones(len(icon))
        weight[icon] = (icons / count[pictures.labels[icon]].float()).clamp(max=1.0)
        self.label_weight = torch.zeros(labels).index_add_(0, pictures.labels, weight)
        self.of_label = torch.zeros(labels, len(weight)).index_put_(
            (pictures.labels, torch.arange(len(weight))), weight
        )

    def draw(self, count: int, g: torch.Generator):
        """Returns labels [count] and the pictures' indices [count, 2]."""
        labels = torch.multinomial(self.label_weight, count, generator=g)
        return labels, torch.multinomial(self.of_label[labels], 2, generator=g)


class Captions:
    def __init__(self, labels: list[dict], tokenizer, context_length: int):
        self.tokenizer, self.length = tokenizer, context_length
        self.start, self.end = tokenizer.get_vocab_size() - 2, tokenizer.get_vocab_size() - 1
        self.names = [item["label"] for item in labels]
        self.tags = [[t for t in item["tags"] if t.lower() != item["label"]] for item in labels]
        self.cache: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        if text not in self.cache:
            ids = self.tokenizer.encode(text, add_special_tokens=False).ids[: self.length - 2]
            self.cache[text] = [self.start, *ids, self.end]
        return self.cache[text]

    def batch(self, texts: list[str]) -> torch.Tensor:
        rows = [self.encode(text) for text in texts]
        out = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for i, row in enumerate(rows):
            out[i, : len(row)] = torch.tensor(row)
        return out

    def draw(self, labels: list[int], dice: random.Random) -> torch.Tensor:
        """A caption for each label: its name, or for one in five a key word; every other batch is in a template."""
        template = dice.choice(TEMPLATES) if dice.random() < 0.5 else "{}"
        texts = []
        for label in labels:
            tags = self.tags[label]
            texts.append(template.format(dice.choice(tags) if tags and dice.random() < 0.2 else self.names[label]))
        return self.batch(texts)


def augment(data, black, strength: float, size: int, g: torch.Generator):
    """data uint8 [B, 4, S, S] → normalised [B, 3, size, size]. `strength` 0..1 scales amounts and probabilities."""
    b = len(data)

    def uniform(low, high, *shape):
        return torch.rand(b, *shape, generator=g) * (high - low) + low

    def chance(p):
        return torch.rand(b, generator=g) < p * strength

    # geometry: rotation, scale, aspect, shift, mirror, and a smooth bend
    angle = uniform(-0.2, 0.2) * strength
    zoom = torch.exp(uniform(-0.28, 0.2) * strength)  # of the source window: below 1 enlarges
    aspect = torch.exp(uniform(-0.12, 0.12) * strength)
    mirror = torch.where(torch.rand(b, generator=g) < 0.5 * strength, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack(
        [
            torch.stack([cos * zoom * aspect * mirror, -sin * zoom / aspect, uniform(-0.1, 0.1) * strength], 1),
            torch.stack([sin * zoom * aspect * mirror, cos * zoom / aspect, uniform(-0.1, 0.1) * strength], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, (b, 1, size, size), align_corners=False)
    bend = torch.randn(b, 2, 4, 4, generator=g) * (0.05 * strength) * (torch.rand(b, 1, 1, 1, generator=g) < 0.5)
    grid = grid + F.interpolate(bend, (size, size), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    x = F.grid_sample(data.float() / 255, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    ink, alpha = x[:, :3], x[:, 3:]

    # plain black icons take on a colour
    tint = torch.rand(b, 3, 1, 1, generator=g) * torch.rand(b, 1, 1, 1, generator=g)
    ink = torch.where((black & chance(0.7))[:, None, None, None], alpha * (1 - tint), ink)
    colour = alpha - ink  # premultiplied

    # colours: mixing of channels, grey, brightness, contrast
    mix = torch.eye(3) + torch.randn(b, 3, 3, generator=g) * (0.12 * strength)
    mix = mix / mix.sum(2, keepdim=True).clamp(min=0.5)
    order = torch.argsort(torch.rand(b, 3, generator=g), 1)
    shuffled = mix.gather(1, order[:, :, None].expand(-1, -1, 3))
    mix = torch.where(chance(0.1)[:, None, None], shuffled, mix)
    colour = torch.einsum("bij,bjhw->bihw", mix, colour)
    grey = colour.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    colour = torch.where(chance(0.25)[:, None, None, None], grey, colour)
    contrast = torch.exp(uniform(-0.3, 0.3, 1, 1, 1) * strength)
    light = uniform(-0.15, 0.15, 1, 1, 1) * strength
    colour = ((colour - 0.5 * alpha) * contrast + (0.5 + light) * alpha).clamp(min=0)
    colour = torch.minimum(colour, alpha)

    # an outline in dark ink around the shape, as many artists draw it
    some = chance(0.2).nonzero()[:, 0]
    wide = F.max_pool2d(alpha[some], 3, 1, 1)
    dark = torch.rand(len(some), 3, 1, 1, generator=g) * 0.3
    colour = colour.index_put((some,), colour[some] + (wide - alpha[some]) * dark)
    alpha = alpha.index_put((some,), wide)

    # background
    back = 1 - torch.rand(b, 3, 1, 1, generator=g) ** 2
    back = torch.where(chance(0.3)[:, None, None, None], back, torch.ones_like(back))
    image = colour + (1 - alpha) * back

    # line art: strokes where the brightness changes
    some = chance(0.1).nonzero()[:, 0]
    luma = image[some].mean(1, keepdim=True)
    step = F.max_pool2d(luma, 3, 1, 1) + F.max_pool2d(-luma, 3, 1, 1)
    image = image.index_put((some,), (1 - 2.5 * step).clamp(0, 1).expand(-1, 3, -1, -1))

    # a hole
    ys, xs = torch.arange(size)[None, :, None], torch.arange(size)[None, None, :]
    cy, cx = (torch.randint(0, size, (b, 1, 1), generator=g) for _ in range(2))
    hole = ((ys - cy).abs() < size // 7) & ((xs - cx).abs() < size // 7) & chance(0.25)[:, None, None]
    image = torch.where(hole[:, None], back, image)
    return normalised(image.clamp(0, 1))
