"""Seconds of a training step of prompt learning as an ordinary PyTorch program computes it: every class as a dense row of 77 tokens,
automatic differentiation through frozen towers, images anew in every step. Random weights of CLIP ViT-B/16 on the CPU, in float32 or with
PyTorch's autocast to bfloat16.
To be set beside `promptweave bench speed` on the same machine. Needs torch (tools/pretrain/requirements.txt).

Usage: python tools/speed/dense_torch.py [--method coop maple maple+lamm lora] [--classes 10 100] [--repeats 3] [--precision float32 bfloat16]
"""

import argparse
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

CONTEXT, VISION, TEXT, LAYERS = 77, 768, 512, 12


class Block(nn.Module):
    """Residual attention block with QuickGELU."""

    def __init__(self, width, mask=None):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, width // 64, batch_first=True)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.mask = mask
        self.adapted = []

    def forward(self, x):
        y = self.ln1(x)
        if self.adapted:
            x = x + self.adapted_attention(y)
        else:
            x = x + self.attention(y, y, y, need_weights=False, attn_mask=self.mask)[0]
        h = self.up(self.ln2(x))
        return x + self.down(h * torch.sigmoid(1.702 * h))

    def adapt(self, rank=2):
        """Low-rank changes of queries, keys and values (CLIP-LoRA); gives what is learned."""
        width = self.ln1.normalized_shape[0]
        pairs = [(torch.randn(rank, width) / width**0.5, torch.randn(width, rank) * 0.01) for _ in range(3)]
        self.adapted = [(nn.Parameter(down), nn.Parameter(up)) for down, up in pairs]
        return [parameter for pair in self.adapted for parameter in pair]

    def adapted_attention(self, y, dropout=0.25):
        batch, length, width = y.shape
        heads = self.attention.num_heads
        frozen = F.linear(y, self.attention.in_proj_weight, self.attention.in_proj_bias).chunk(3, -1)
        changes = [F.linear(F.linear(F.dropout(y, dropout), down), up) / down.shape[0] ** 0.5 for down, up in self.adapted]
        q, k, v = ((part + change).view(batch, length, heads, -1).transpose(1, 2) for part, change in zip(frozen, changes))
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask)
        return self.attention.out_proj(seen.transpose(1, 2).reshape(batch, length, width))


def through(blocks, x, deep, at):
    """x [B, L, W] through all blocks; deep prompts [n, W] replace rows from position `at` on before blocks 1, 2, …"""
    for i, block in enumerate(blocks):
        if 0 < i <= len(deep):
            rows = deep[i - 1].expand(x.shape[0], -1, -1)
            x = torch.cat([x[:, :at], rows, x[:, at + rows.shape[1] :]], 1)
        x = block(x)
    return x


class Clip(nn.Module):
    def __init__(self):
        super().__init__()
        mask = torch.full((CONTEXT, CONTEXT), float("-inf")).triu(1)
        self.text = nn.ModuleList(Block(TEXT, mask) for _ in range(LAYERS))
        self.vision = nn.ModuleList(Block(VISION) for _ in range(LAYERS))
        self.patches = nn.Conv2d(3, VISION, 16, 16, bias=False)
        self.class_token = nn.Parameter(torch.randn(1, 1, VISION))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 197, VISION))
        self.ln_pre, self.ln_post, self.ln_final = nn.LayerNorm(VISION), nn.LayerNorm(VISION), nn.LayerNorm(TEXT)
        self.image_projection = nn.Linear(VISION, TEXT, bias=False)
        self.text_projection = nn.Linear(TEXT, TEXT, bias=False)
        self.requires_grad_(False)

    def encode_text(self, rows, ends, deep):
        x = through(self.text, rows, deep, 1)
        return F.normalize(self.text_projection(self.ln_final(x[torch.arange(len(ends)), ends])), dim=-1)

    def encode_images(self, images, shallow=None, deep=()):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1) + self.positions
        if shallow is not None:
            x = torch.cat([x, shallow.expand(len(x), -1, -1)], 1)
        x = through(self.vision, self.ln_pre(x), deep, 197)
        return F.normalize(self.image_projection(self.ln_post(x[:, 0])), dim=-1)


def lora_step(clip, classes, batch=32):
    """A step of CLIP-LoRA: low-rank changes in all blocks of both towers, nothing else learned."""
    parameters = [p for block in [*clip.text, *clip.vision] for p in block.adapt()]
    rows, ends = 0.02 * torch.randn(classes, CONTEXT, TEXT), torch.full((classes,), 10)
    images, labels = torch.randn(batch, 3, 224, 224), torch.arange(batch) % classes

    def step():
        text = clip.encode_text(rows, ends, [])
        loss = F.cross_entropy(100 * clip.encode_images(images) @ text.T, labels)
        torch.autograd.grad(loss, parameters)
        loss.item()

    return step


def step_of(clip, method, classes):
    """A function that makes one step, forward and backward."""
    for block in [*clip.text, *clip.vision]:
        block.adapted = []
    if method == "lora":
        return lora_step(clip, classes)
    learned = method.split("+")[0]
    n, depth, batch = {"coop": (16, 1, 32), "maple": (2, 9, 4)}[learned]
    context = [nn.Parameter(0.02 * torch.randn(n, TEXT)) for _ in range(depth)]
    coupling = [nn.Linear(TEXT, VISION) for _ in range(depth)] if learned == "maple" else []
    names = nn.Parameter(0.02 * torch.randn(classes, 4, TEXT), requires_grad=method.endswith("lamm"))
    rows = 0.02 * torch.randn(classes, CONTEXT, TEXT)
    ends = torch.full((classes,), 1 + n + 5)
    images, labels = torch.randn(batch, 3, 224, 224), torch.arange(batch) % classes
    parameters = [p for p in [*context, names, *(p for c in coupling for p in c.parameters())] if p.requires_grad]

    def prompted(of_names):
        shared = context[0].expand(classes, -1, -1)
        return torch.cat([rows[:, :1], shared, of_names, rows[:, 1 + n + 4 :]], 1)

    def step():
        vision = [linear(prompt) for linear, prompt in zip(coupling, context)]
        image = clip.encode_images(images, vision[0] if vision else None, vision[1:])
        text = clip.encode_text(prompted(names), ends, context[1:])
        loss = F.cross_entropy(100 * image @ text.T, labels)
        if method.endswith("lamm"):  # the anchors: the original names in the same context
            anchors = clip.encode_text(prompted(names.detach() + 1), ends, context[1:])
            loss = loss + (1 - (text * anchors).sum(-1)).mean() + F.cross_entropy(100 * image @ anchors.T, labels)
        torch.autograd.grad(loss, parameters)
        loss.item()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", nargs="+", default=["coop", "maple", "maple+lamm", "lora"])
    parser.add_argument("--classes", nargs="+", type=int, default=[10, 100])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--precision", nargs="+", choices=["float32", "bfloat16"], default=["float32"])
    options = parser.parse_args()
    torch.manual_seed(1)
    clip = Clip()
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads: seconds of a step, median (minimum)")
    for classes in sorted(options.classes):
        for method in options.method:
            step = step_of(clip, method, classes)
            seconds = {precision: [] for precision in options.precision}
            for i in range(1 + options.repeats):
                for precision in options.precision:  # in turns
                    begun = time.perf_counter()
                    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                        step()
                    if i > 0:  # the first warms up
                        seconds[precision].append(time.perf_counter() - begun)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            for precision, times in seconds.items():
                median = f"{statistics.median(times):.2f} s ({min(times):.2f})"
                print(f"{method}, {classes} classes, {precision}: {median}, peak so far {peak:.1f} GiB", flush=True)


main()
