"""Makes fixtures/siglip: tiny SigLIPs with random weights, what the libraries compute with them, and the ids of many texts.

Needs: torch, transformers, timm, open_clip_torch, tokenizers, safetensors, numpy. Run: python make-siglip-fixtures.py
"""

import gzip
import json
import os
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import torch
from open_clip.transformer import TextTransformer
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import SiglipConfig, SiglipModel

HERE = Path(__file__).parent.parent / "fixtures"
OUT = HERE / "siglip"
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

MODELS = {
    # Sizes that are no multiples of each other, an image that patches do not cover, heads of 24 and 8.
    "one": dict(vision=(48, 2, 2, 72), text=(40, 2, 5, 64), image=18, patch=4, context=16, kind="Unigram", act=False),
    "two": dict(vision=(32, 2, 4, 128), text=(48, 3, 3, 96), image=20, patch=4, context=24, kind="BPE", act=True),
}


def texts():
    rows = json.loads(gzip.open(HERE / "clip-token-ids.json.gz").read())
    return [text for text, _ in rows]


def train_tokenizer(kind, corpus):
    if kind == "Unigram":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=400, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
        )
        corpus = [canonical(text) for text in corpus if text.isascii()][:600]
    else:
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=special, show_progress=False)
        # Merges within words, as Gemma's are; the mark stands before a word.
        corpus = [text for text in corpus if text.isascii()][:600]
        corpus = [("▁" if i else "") + word for text in corpus for i, word in enumerate(text.lower().split(" "))]
    tokenizer.train_from_iterator(corpus, trainer)
    if kind == "BPE":
        # Bytes are pieces of the vocabulary, not words of a text.
        data = json.loads(tokenizer.to_str())
        data["added_tokens"] = [token for token in data["added_tokens"] if not token["content"].startswith("<0x")]
        tokenizer = Tokenizer.from_str(json.dumps(data))
    return tokenizer


def canonical(text):
    kept = "".join(c for c in text.lower().replace("_", " ") if c not in PUNCTUATION)
    return " ".join(kept.split())


def ids_of(tokenizer, kind, text, length):
    end, pad = (1, 1) if kind == "Unigram" else (1, 0)
    ids = tokenizer.encode(canonical(text) if kind == "Unigram" else text.lower(), add_special_tokens=False).ids
    ids = ids[: length - 1] + [end]
    return ids + [pad] * (length - len(ids))


def randomise(module, generator):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            values = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.copy_((1 if "norm" in name or "ln" in name else 0) * (1 if name.endswith("weight") else 0) + 0.1 * values)
            else:
                fan = parameter.shape[-1]
                parameter.copy_(values * (0.3 if "embed" in name or "latent" in name else fan**-0.5))
            parameter.copy_(parameter.half().float())  # fixtures are stored in float16


def towers(spec, vocabulary, activation):
    (width, layers, heads, hidden), (t_width, t_layers, t_heads, t_hidden) = spec["vision"], spec["text"]
    trunk = VisionTransformer(
        img_size=spec["image"], patch_size=spec["patch"], embed_dim=width, depth=layers, num_heads=heads,
        mlp_ratio=hidden / width, class_token=False, global_pool="map", num_classes=0, act_layer=activation,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
    )
    text = TextTransformer(
        context_length=spec["context"], vocab_size=vocabulary, width=t_width, heads=t_heads, layers=t_layers,
        mlp_ratio=t_hidden / t_width, output_dim=width, no_causal_mask=True, pool_type="last", proj_bias=True,
        act_layer=activation, norm_layer=partial(nn.LayerNorm, eps=1e-6),
    )
    return trunk.eval(), text.eval()


def to_transformers(state, hidden):
    out = {}
    for name, value in state.items():
        if ".attn.qkv." in name or ".attn.in_proj_" in name:
            kind = "weight" if name.endswith("weight") else "bias"
            tower, block = ("vision_model", name.split(".")[3]) if name.startswith("visual") else ("text_model", name.split(".")[3])
            for part, values in zip("qkv", value.chunk(3)):
                out[f"{tower}.encoder.layers.{block}.self_attn.{part}_proj.{kind}"] = values.clone()
            continue
        if "attn_pool.q." in name:
            kind = name.split(".")[-1]
            rest = state[f"visual.trunk.attn_pool.kv.{kind}"]
            out[f"vision_model.head.attention.in_proj_{kind}"] = torch.cat([value, rest])
            continue
        if "attn_pool.kv." in name:
            continue
        new = name
        for old, replacement in [
            ("visual.trunk.patch_embed.proj", "vision_model.embeddings.patch_embedding"),
            ("visual.trunk.pos_embed", "vision_model.embeddings.position_embedding.weight"),
            ("visual.trunk.blocks", "vision_model.encoder.layers"),
            ("visual.trunk.norm", "vision_model.post_layernorm"),
            ("visual.trunk.attn_pool.latent", "vision_model.head.probe"),
            ("visual.trunk.attn_pool.proj", "vision_model.head.attention.out_proj"),
            ("visual.trunk.attn_pool.norm", "vision_model.head.layernorm"),
            ("visual.trunk.attn_pool.mlp", "vision_model.head.mlp"),
            ("text.token_embedding", "text_model.embeddings.token_embedding"),
            ("text.positional_embedding", "text_model.embeddings.position_embedding.weight"),
            ("text.transformer.resblocks", "text_model.encoder.layers"),
            ("text.ln_final", "text_model.final_layer_norm"),
            ("text.text_projection", "text_model.head"),
            (".attn.out_proj", ".self_attn.out_proj"), (".attn.proj", ".self_attn.out_proj"),
            (".ln_1", ".layer_norm1"), (".ln_2", ".layer_norm2"), (".mlp.c_fc", ".mlp.fc1"), (".mlp.c_proj", ".mlp.fc2"),
        ]:
            new = new.replace(old, replacement)
        if "encoder.layers" in new:
            new = new.replace(".norm1", ".layer_norm1").replace(".norm2", ".layer_norm2")
        out[new] = value[0].clone() if name.endswith("pos_embed") else value.clone()
    return out


def make(name, spec, corpus):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kind = spec["kind"]
    tokenizer = train_tokenizer(kind, corpus)
    tokenizer.save(str(folder / "tokenizer.json"))
    end, pad = ("</s>", "</s>") if kind == "Unigram" else ("<eos>", "<pad>")
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": end, "pad_token": pad, "unk_token": "<unk>"}))
    vocabulary = tokenizer.get_vocab_size()

    generator = torch.Generator().manual_seed(len(name))
    trunk, text = towers(spec, vocabulary, partial(nn.GELU, approximate="tanh"))
    randomise(trunk, generator)
    randomise(text, generator)
    state = {f"visual.trunk.{key}": value for key, value in trunk.state_dict().items()}
    state |= {f"text.{key}": value for key, value in text.state_dict().items()}
    state |= {"logit_scale": torch.tensor(np.log(110.0)).float(), "logit_bias": torch.tensor(-12.5)}
    state = {key: value.detach().contiguous() for key, value in state.items()}

    (width, layers, heads, hidden), (t_width, t_layers, t_heads, t_hidden) = spec["vision"], spec["text"]
    config = SiglipConfig(
        text_config=dict(
            hidden_size=t_width, intermediate_size=t_hidden, num_hidden_layers=t_layers, num_attention_heads=t_heads,
            vocab_size=vocabulary, max_position_embeddings=spec["context"], projection_size=width,
        ),
        vision_config=dict(
            hidden_size=width, intermediate_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
            image_size=spec["image"], patch_size=spec["patch"],
        ),
    )
    model = SiglipModel(config).eval()
    renamed = to_transformers(state, hidden)
    renamed |= {key: renamed[key].reshape(1) for key in ("logit_scale", "logit_bias")}
    model.load_state_dict(renamed, strict=True)

    images = torch.randn((3, 3, spec["image"], spec["image"]), generator=generator)
    sentences = ["a photo of a cat.", "This is a photo of two dogs.", "owl", "a long text " * 12, "a café, naïve & co"]
    ids = torch.tensor([ids_of(tokenizer, kind, sentence, spec["context"]) for sentence in sentences])
    with torch.no_grad():
        outputs = model(input_ids=ids, pixel_values=images)
        features = lambda output: getattr(output, "pooler_output", output)
        image_features = features(model.get_image_features(pixel_values=images))
        text_features = features(model.get_text_features(input_ids=ids))
        assert torch.allclose(trunk(images), image_features, atol=1e-5), "timm computes other image features"
        assert torch.allclose(text(ids), text_features, atol=1e-5), "open_clip computes other text features"

    half = lambda tensors: {
        key: value if key.startswith("logit_") else value.half().contiguous() for key, value in tensors.items()
    }
    save_file(half(model.state_dict()), str(folder / "model.safetensors"), {"format": "pt"})
    stated = json.loads(config.to_json_string(use_diff=False))
    (folder / "config.json").write_text(json.dumps(stated))
    (folder / "preprocessor_config.json").write_text(json.dumps(dict(
        do_normalize=True, do_rescale=True, do_resize=True, image_mean=[0.5] * 3, image_std=[0.5] * 3,
        image_processor_type="SiglipImageProcessor", resample=3, rescale_factor=1 / 255,
        size=dict(height=spec["image"], width=spec["image"]),
    )))
    timm = OUT / f"{name}-open-clip"
    shutil.rmtree(timm, ignore_errors=True)
    timm.mkdir()
    save_file(half(state), str(timm / "open_clip_model.safetensors"), {"format": "pt"})
    act = {"act_kwargs": {"approximate": "tanh"}} if spec["act"] else {}
    (timm / "open_clip_config.json").write_text(json.dumps(dict(
        model_cfg=dict(
            embed_dim=width, init_logit_bias=-10, custom_text=True,
            vision_cfg=dict(
                image_size=spec["image"], timm_model_name=f"vit_tiny_patch{spec['patch']}_siglip_{spec['image']}",
                timm_model_pretrained=False, timm_pool="map", timm_proj="none",
            ),
            text_cfg=dict(
                context_length=spec["context"], vocab_size=vocabulary, hf_tokenizer_name="timm/tiny",
                tokenizer_kwargs=dict(clean="canonicalize"), width=t_width, heads=t_heads, layers=t_layers,
                mlp_ratio=t_hidden / t_width, no_causal_mask=True, proj_bias=True, pool_type="last",
                norm_kwargs=dict(eps=1e-6), **act,
            ),
        ),
        preprocess_cfg=dict(mean=[0.5] * 3, std=[0.5] * 3, interpolation="bicubic", resize_mode="squash"),
    )))
    rows = [[text, ids_of(tokenizer, kind, text, 10**6)] for text in corpus[::4][:500]]
    for row in rows:  # without padding and end
        row[1] = tokenizer.encode(canonical(row[0]) if kind == "Unigram" else row[0].lower(), add_special_tokens=False).ids
    with gzip.GzipFile(OUT / f"{name}-token-ids.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(rows, ensure_ascii=False).encode())
    listed = lambda tensor: [[float(f"{value:.9g}") for value in row] for row in tensor.tolist()]
    (OUT / f"{name}.json").write_text(json.dumps(dict(
        sentences=sentences, ids=ids.tolist(), images=[float(f"{v:.9g}") for v in images.flatten().tolist()],
        image_features=listed(image_features), text_features=listed(text_features),
        logits_per_image=listed(outputs.logits_per_image),
    )))


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    corpus = [text for text in texts() if text.strip() and "<" not in text]
    for name, spec in MODELS.items():
        make(name, spec, corpus)
