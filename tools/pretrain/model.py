"""The embedded CLIP as a PyTorch module. State dictionary keys are OpenAI's."""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Shape:
    image_size: int = 48
    patch_size: int = 8
    vision_width: int = 192
    vision_layers: int = 6
    text_width: int = 128
    text_layers: int = 6
    context_length: int = 24
    vocab_size: int = 6144
    embedding_size: int = 128

    def config(self) -> dict:
        """config.json as the TypeScript reader expects it; heads are 64 wide, as in the released models."""
        return {
            "model_type": "clip",
            **asdict(self),
            "vision_heads": self.vision_width // 64,
            "text_heads": self.text_width // 64,
            "activation": "quick_gelu",
            "image_mean": MEAN,
            "image_std": STD,
            "weights": "model.safetensors",
            "tokenizer": "tokenizer.json",
        }


MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


class Attention(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.heads = width // 64
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x, causal: bool):
        b, n, w = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).view(b, n, 3, self.heads, 64).permute(2, 0, 3, 1, 4)
        scores = (q * 64**-0.5) @ k.mT  # written out: the fused kernel's gradient takes five times as long on a CPU
        if causal:
            scores = scores + torch.full((n, n), -1e4, dtype=scores.dtype).triu(1)
        y = scores.softmax(-1, dtype=v.dtype) @ v  # [b, heads, n, 64]
        return self.out_proj(y.transpose(1, 2).reshape(b, n, w))


class Mlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x):
        # QuickGELU, x σ(1.702 x), through the fused SiLU: the factor goes into the weights
        x = F.silu(F.linear(x, self.c_fc.weight * 1.702, self.c_fc.bias * 1.702))
        return F.linear(x, self.c_proj.weight / 1.702, self.c_proj.bias)


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.attn = Attention(width)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = Mlp(width)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x, causal: bool):
        x = x + self.attn(self.ln_1(x), causal)
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int, causal: bool):
        super().__init__()
        self.causal = causal
        self.resblocks = nn.ModuleList(Block(width) for _ in range(layers))
        for block in self.resblocks:
            nn.init.normal_(block.attn.in_proj_weight, std=width**-0.5)
            nn.init.normal_(block.mlp.c_fc.weight, std=width**-0.5)
            for linear in (block.attn.out_proj, block.mlp.c_proj):
                nn.init.normal_(linear.weight, std=(2 * layers * linear.in_features) ** -0.5)
            for linear in (block.attn.out_proj, block.mlp.c_fc, block.mlp.c_proj):
                nn.init.zeros_(linear.bias)

    def forward(self, x):
        for block in self.resblocks:
            x = block(x, self.causal)
        return x


class Vision(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        width = s.vision_width
        self.patch = s.patch_size
        self.conv1 = nn.Conv2d(3, width, s.patch_size, s.patch_size, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * 0.02)
        self.positional_embedding = nn.Parameter(torch.randn((s.image_size // s.patch_size) ** 2 + 1, width) * 0.02)
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, s.vision_layers, causal=False)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.randn(width, s.embedding_size) * width**-0.5)

    def forward(self, images, keep: torch.Tensor | None = None):
        """images [B, 3, S, S]; keep [B, K]: patches to look at; returns the class token [B, V] after ln_post."""
        b, c, s, _ = images.shape
        p, g = self.patch, s // self.patch
        patches = images.view(b, c, g, p, g, p).permute(0, 2, 4, 1, 3, 5).reshape(b, g * g, c * p * p)
        positions = self.positional_embedding[1:].expand(b, -1, -1)
        if keep is not None:
            patches = patches.gather(1, keep[:, :, None].expand(-1, -1, patches.shape[2]))
            positions = positions.gather(1, keep[:, :, None].expand(-1, -1, positions.shape[2]))
        x = F.linear(patches, self.conv1.weight.flatten(1)) + positions
        first = (self.class_embedding + self.positional_embedding[0]).expand(b, 1, -1)
        x = self.transformer(self.ln_pre(torch.cat([first.to(x.dtype), x], dim=1)))
        return self.ln_post(x[:, 0])


class Clip(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.shape = s
        self.visual = Vision(s)
        self.token_embedding = nn.Embedding(s.vocab_size, s.text_width)
        self.positional_embedding = nn.Parameter(torch.randn(s.context_length, s.text_width) * 0.01)
        self.transformer = Transformer(s.text_width, s.text_layers, causal=True)
        self.ln_final = nn.LayerNorm(s.text_width)
        self.text_projection = nn.Parameter(torch.randn(s.text_width, s.embedding_size) * s.text_width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(8.0)))
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def encode_text(self, ids):
        """ids [B, n]; the end token has the largest id; returns unit vectors [B, E]."""
        x = self.token_embedding(ids) + self.positional_embedding[: ids.shape[1]]
        x = self.ln_final(self.transformer(x))
        x = x[torch.arange(len(ids)), ids.argmax(1)]
        return F.normalize((x @ self.text_projection.to(x.dtype)).float(), dim=-1)

    def encode_image(self, images, keep=None):
        return F.normalize(self.project(self.visual(images, keep)), dim=-1)

    def project(self, features):
        return (features @ self.visual.proj.to(features.dtype)).float()
