"""Makes fixtures/pe: tiny PE-Cores with random weights in both key namings, and what timm and open_clip compute with them.

Needs: torch, timm, open_clip_torch, safetensors, numpy. Run: python make-pe-fixtures.py
"""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import torch
from open_clip.transformer import TextTransformer
from safetensors.torch import save_file
from timm.models.eva import Eva, _convert_pe
from torch import nn

HERE = Path(__file__).parent.parent / "fixtures"
OUT = HERE / "pe"
TOKENIZER = HERE / "small-tokenizer.json"

# Heads of 64 values, for the original files say no number; an image that patches do not cover.
MODELS = {
    "class": dict(width=128, heads=2, image=14, patch=4, embed=48, text=(64, 2, 1), context=24, offset=1.0, class_token=True),
    "bare": dict(width=64, heads=1, image=12, patch=4, embed=40, text=(64, 2, 1), context=26, offset=0.0, class_token=False),
}


def randomise(module, generator):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            values = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                one = name.endswith("weight") and ("norm" in name or "ln" in name)
                parameter.copy_((1 if one else 0) + 0.1 * values)
            else:
                fan = parameter.shape[-1]
                small = "embed" in name or "latent" in name or "token" in name
                parameter.copy_(values * (0.3 if small else fan**-0.5))
            parameter.copy_(parameter.half().float())  # fixtures are stored in float16


def towers(spec, vocabulary):
    grid = spec["image"] // spec["patch"]
    trunk = Eva(
        img_size=spec["image"], patch_size=spec["patch"], embed_dim=spec["width"], depth=2, num_heads=spec["heads"],
        mlp_ratio=0.5, num_classes=spec["embed"], global_pool="map", attn_type="rope", use_pre_transformer_norm=True,
        use_rot_pos_emb=True, ref_feat_shape=(grid, grid), rope_grid_offset=spec["offset"], rope_grid_indexing="xy",
        class_token=spec["class_token"], attn_pool_num_heads=8, attn_pool_mlp_ratio=0.5, norm_layer=partial(nn.LayerNorm, eps=1e-5),
    )
    width, layers, heads = spec["text"]
    text = TextTransformer(
        context_length=spec["context"], vocab_size=vocabulary, width=width, heads=heads, layers=layers, mlp_ratio=0.5,
        output_dim=spec["embed"],
    )
    return trunk.eval(), text.eval()


def original(trunk, text):
    """Under the names of facebookresearch/perception_models, which are the reverse of timm's conversion."""
    out = {}
    for name, value in trunk.items():
        if name == "head.bias" or name.startswith("attn_pool.kv"):
            continue
        if name.startswith("attn_pool.q."):
            kind = name.split(".")[-1]
            out[f"visual.attn_pool.attn.in_proj_{kind}"] = torch.cat([value, trunk[f"attn_pool.kv.{kind}"]])
            continue
        new = name
        if name.startswith("attn_pool."):
            new = new.replace("attn_pool.latent", "attn_pool.probe").replace("attn_pool.proj", "attn_pool.attn.out_proj")
            new = new.replace("attn_pool.norm", "attn_pool.layernorm")
        for old, replacement in [
            ("patch_embed.proj", "conv1"), ("pos_embed", "positional_embedding"), ("norm_pre", "ln_pre"),
            ("blocks.", "transformer.resblocks."), (".norm1", ".ln_1"), (".norm2", ".ln_2"), (".qkv.", ".in_proj_"),
            ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj"),
        ]:
            new = new.replace(old, replacement)
        if "resblocks" in new:
            new = new.replace(".attn.proj", ".attn.out_proj")
        if name.startswith("norm."):
            new = name.replace("norm.", "ln_post.")
        if name == "head.weight":
            new, value = "proj", value.T
        if name == "cls_token":
            new, value = "class_embedding", value[0, 0]
        if name == "pos_embed":
            value = value[0]
        out[f"visual.{new}"] = value.contiguous().clone()
    again = _convert_pe({key: value for key, value in out.items() if key.startswith("visual.")}, None, prefix="visual.")
    assert again.keys() == trunk.keys(), again.keys() ^ trunk.keys()
    assert all(torch.equal(again[key], trunk[key]) for key in trunk), "timm converts the original names to other weights"
    return out | text


def make(name, spec):
    vocabulary = max(json.loads(TOKENIZER.read_text())["model"]["vocab"].values()) + 1
    vocabulary = max([vocabulary] + [token["id"] + 1 for token in json.loads(TOKENIZER.read_text())["added_tokens"]])
    generator = torch.Generator().manual_seed(len(name))
    trunk, text = towers(spec, vocabulary)
    randomise(trunk, generator)
    randomise(text, generator)
    nn.init.zeros_(trunk.head.bias)
    own = {key: value.detach() for key, value in trunk.state_dict().items()}
    of_text = {key: value.detach() for key, value in text.state_dict().items()}
    scale = {"logit_scale": torch.tensor(np.log(100.0)).float()}

    images = torch.randn((3, 3, spec["image"], spec["image"]), generator=generator)
    rows = [1, 7, 3, spec["context"] - 2]
    ids = torch.zeros((len(rows), spec["context"]), dtype=torch.long)
    for row, length in zip(ids, rows):
        row[0] = vocabulary - 2
        row[1 : 1 + length] = torch.randint(1, vocabulary - 2, (length,), generator=generator)
        row[1 + length] = vocabulary - 1
    with torch.no_grad():
        image_features = trunk(images)
        text_features = text(ids)
        unit = partial(nn.functional.normalize, dim=-1)
        logits = 100 * unit(image_features) @ unit(text_features).T

    half = lambda tensors: {key: value if key == "logit_scale" else value.half().contiguous() for key, value in tensors.items()}
    for folder, state in [
        (OUT / name, original(own, of_text) | scale),
        (OUT / f"{name}-open-clip", {f"visual.trunk.{k}": v for k, v in own.items()} | {f"text.{k}": v for k, v in of_text.items()} | scale),
    ]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        timm = folder.name.endswith("open-clip")
        save_file(half(state), str(folder / ("open_clip_model.safetensors" if timm else "PE-Core.safetensors")), {"format": "pt"})
        shutil.copy(TOKENIZER, folder / "tokenizer.json")
    width, layers, heads = spec["text"]
    (OUT / f"{name}-open-clip" / "open_clip_config.json").write_text(json.dumps(dict(
        model_cfg=dict(
            embed_dim=spec["embed"], custom_text=True,
            vision_cfg=dict(
                image_size=spec["image"], timm_model_name=f"vit_pe_core_tiny_patch{spec['patch']}_{spec['image']}",
                timm_model_pretrained=False, timm_pool="map", timm_proj=None,
            ),
            text_cfg=dict(
                context_length=spec["context"], vocab_size=vocabulary, width=width, heads=heads, layers=layers, mlp_ratio=0.5,
            ),
        ),
        preprocess_cfg=dict(mean=[0.5] * 3, std=[0.5] * 3, interpolation="bilinear", resize_mode="squash"),
    )))
    listed = lambda tensor: [[float(f"{value:.9g}") for value in row] for row in tensor.tolist()]
    (OUT / f"{name}.json").write_text(json.dumps(dict(
        ids=ids.tolist(), images=[float(f"{v:.9g}") for v in images.flatten().tolist()],
        image_features=listed(image_features), text_features=listed(text_features), logits_per_image=listed(logits),
    )))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for name, spec in MODELS.items():
        make(name, spec)
