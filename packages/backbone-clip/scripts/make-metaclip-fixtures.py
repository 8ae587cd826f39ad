"""Makes fixtures/metaclip-2: tiny MetaCLIP 2s with random weights in both key namings, what transformers and open_clip compute with
them, and the ids of many texts by vocabularies of the kinds of XLM-V and mT5. Makes fixtures/spiece: a SentencePiece model and its ids.

Needs: torch, transformers, open_clip_torch, tokenizers, sentencepiece, protobuf, safetensors, numpy. Run: python make-metaclip-fixtures.py
"""

import gzip
import io
import json
import shutil
from pathlib import Path

import numpy as np
import open_clip
import sentencepiece
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import MetaClip2Config, MetaClip2Model
from transformers.utils import sentencepiece_model_pb2_new as protocol

HERE = Path(__file__).parent.parent / "fixtures"
OUT = HERE / "metaclip-2"
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
VISION, TEXT, EMBED, IMAGE, PATCH, CONTEXT = (48, 2, 3), (32, 2, 2), 24, 12, 4, 24


def texts():
    rows = json.loads(gzip.open(HERE / "clip-token-ids.json.gz").read())
    return [text for text, _ in rows if text.strip() and "<" not in text]


def canonical(text):
    kept = "".join(c for c in text.lower().replace("_", " ") if c not in PUNCTUATION)
    return " ".join(kept.split())


def train(corpus, **special):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=model, vocab_size=400, model_type="unigram", character_coverage=0.99,
        normalization_rule_name="nmt_nfkc", minloglevel=2, num_threads=1, **special,
    )
    return model.getvalue()


def unigram(model, kind):
    """As transformers' converters of XLM-RoBERTa and T5 make it."""
    proto = protocol.ModelProto()
    proto.ParseFromString(model)
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    if kind == "xlm-v":
        vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces[3:] + [("<mask>", 0.0)]
        tokenizer = Tokenizer(models.Unigram(vocab, unk_id=3))
        tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
        )
    else:
        tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
        tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
        tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    tokenizer.normalizer = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    return tokenizer


def randomise(module, generator):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() == 0:
                continue
            values = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                one = name.endswith("weight") and ("norm" in name or "ln_" in name)
                parameter.copy_((1 if one else 0) + 0.1 * values)
            else:
                parameter.copy_(values * (0.3 if "embedding" in name else parameter.shape[-1] ** -0.5))
            parameter.copy_(parameter.half().float())  # fixtures are stored in float16


def to_transformers(state):
    out = {}
    for name, value in state.items():
        tower = "vision_model" if name.startswith("visual.") else "text_model"
        if ".attn.in_proj_" in name:
            kind = name.split("_")[-1]
            block = name.split("resblocks.")[1].split(".")[0]
            for part, values in zip("qkv", value.chunk(3)):
                out[f"{tower}.encoder.layers.{block}.self_attn.{part}_proj.{kind}"] = values.clone()
            continue
        if name in ("visual.proj", "text_projection"):
            out["visual_projection.weight" if name == "visual.proj" else "text_projection.weight"] = value.T.clone()
            continue
        new = name
        for old, replacement in [
            ("visual.conv1", "vision_model.embeddings.patch_embedding"), ("visual.class_embedding", "vision_model.embeddings.class_embedding"),
            ("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
            ("visual.ln_pre", "vision_model.pre_layrnorm"), ("visual.ln_post", "vision_model.post_layernorm"),
            ("visual.transformer.resblocks", "vision_model.encoder.layers"), ("token_embedding", "text_model.embeddings.token_embedding"),
            ("ln_final", "text_model.final_layer_norm"), (".attn.out_proj", ".self_attn.out_proj"), (".ln_1", ".layer_norm1"),
            (".ln_2", ".layer_norm2"), (".mlp.c_fc", ".mlp.fc1"), (".mlp.c_proj", ".mlp.fc2"),
        ]:
            new = new.replace(old, replacement)
        if new == "positional_embedding":
            new = "text_model.embeddings.position_embedding.weight"
        if new.startswith("transformer.resblocks"):
            new = new.replace("transformer.resblocks", "text_model.encoder.layers")
        out[new] = value.clone()
    return out


def make(kind, model, corpus):
    tokenizer = unigram(model, kind)
    start, end, pad, clean = (0, 2, 1, None) if kind == "xlm-v" else (None, 1, 0, "canonicalize")
    vocabulary = tokenizer.get_vocab_size()
    generator = torch.Generator().manual_seed(len(kind))
    (v_width, v_layers, v_heads), (t_width, t_layers, t_heads) = VISION, TEXT
    cfg = dict(
        embed_dim=EMBED, quick_gelu=True,
        vision_cfg=dict(image_size=IMAGE, layers=v_layers, width=v_width, head_width=v_width // v_heads, patch_size=PATCH),
        text_cfg=dict(
            hf_tokenizer_name="facebook/xlm-v-base" if kind == "xlm-v" else "google/mt5-base", pool_type="eos", eos_id=end,
            **(dict(tokenizer_kwargs=dict(clean=clean)) if clean else {}),
            context_length=CONTEXT, vocab_size=vocabulary, width=t_width, heads=t_heads, layers=t_layers,
        ),
    )
    own = CLIP(**cfg).eval()
    randomise(own, generator)
    state = {key: value.detach().clone() for key, value in own.state_dict().items() if key != "attn_mask"}
    config = MetaClip2Config(
        projection_dim=EMBED,
        text_config=dict(
            hidden_size=t_width, intermediate_size=4 * t_width, num_hidden_layers=t_layers, num_attention_heads=t_heads,
            vocab_size=vocabulary, max_position_embeddings=CONTEXT, bos_token_id=0, eos_token_id=end, pad_token_id=pad, projection_dim=EMBED,
        ),
        vision_config=dict(
            hidden_size=v_width, intermediate_size=4 * v_width, num_hidden_layers=v_layers, num_attention_heads=v_heads,
            image_size=IMAGE, patch_size=PATCH, projection_dim=EMBED,
        ),
    )
    other = MetaClip2Model(config).eval()
    missing = other.load_state_dict(to_transformers(state), strict=False)
    assert not missing.unexpected_keys and all("position_ids" in key for key in missing.missing_keys), missing

    sentences = ["a photo of a cat.", "Ein Foto von zwei Hunden", "owl", "a long text " * 12, "una café naïve"]
    ids = []
    for sentence in sentences:
        row = tokenizer.encode(canonical(sentence) if clean else sentence, add_special_tokens=False).ids
        row = ([] if start is None else [start]) + row
        row = row[: CONTEXT - 1] + [end]
        ids.append(row + [pad] * (CONTEXT - len(row)))
    ids = torch.tensor(ids)
    images = torch.randn((3, 3, IMAGE, IMAGE), generator=generator)
    with torch.no_grad():
        outputs = other(input_ids=ids, pixel_values=images)
        features = lambda output: getattr(output, "pooler_output", output)
        image_features = features(other.get_image_features(pixel_values=images))
        text_features = features(other.get_text_features(input_ids=ids))
        assert torch.allclose(own.encode_image(images), image_features, atol=1e-5), "open_clip computes other image features"
        assert torch.allclose(own.encode_text(ids), text_features, atol=1e-5), "open_clip computes other text features"

    half = lambda tensors: {key: value if key == "logit_scale" else value.half().contiguous() for key, value in tensors.items()}
    packed = gzip.compress(tokenizer.to_str().encode(), mtime=0)
    special = dict(eos_token="</s>", pad_token="<pad>", unk_token="<unk>")
    for folder, values in [(OUT / kind, to_transformers(state)), (OUT / f"{kind}-open-clip", state)]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        usual = "open_clip_model" if folder.name.endswith("open-clip") else "model"
        save_file(half(values), str(folder / f"{usual}.safetensors"), {"format": "pt"})
        (folder / "tokenizer.json").write_bytes(packed)
        (folder / "tokenizer_config.json").write_text(json.dumps(special))
    (OUT / kind / "config.json").write_text(config.to_json_string(use_diff=False))
    (OUT / f"{kind}-open-clip" / "open_clip_config.json").write_text(json.dumps(dict(model_cfg=cfg, preprocess_cfg={})))
    rows = [[text, tokenizer.encode(canonical(text) if clean else text, add_special_tokens=False).ids] for text in corpus[::4][:500]]
    with gzip.GzipFile(OUT / f"{kind}-token-ids.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(rows, ensure_ascii=False).encode())
    listed = lambda tensor: [[float(f"{value:.9g}") for value in row] for row in tensor.tolist()]
    (OUT / f"{kind}.json").write_text(json.dumps(dict(
        sentences=sentences, ids=ids.tolist(), images=[float(f"{v:.9g}") for v in images.flatten().tolist()],
        image_features=listed(image_features), text_features=listed(text_features), logits_per_image=listed(outputs.logits_per_image),
    )))


def make_spiece(model, corpus):
    """As SigLIP's slow tokenizer reads it: canonical text, pieces of SentencePiece itself."""
    folder = HERE / "spiece"
    folder.mkdir(exist_ok=True)
    (folder / "spiece.model").write_bytes(model)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    rows = [[text, processor.encode(canonical(text))] for text in corpus[::4][:500]]
    with gzip.GzipFile(folder / "token-ids.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(rows, ensure_ascii=False).encode())


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    corpus = texts()
    some = [text for text in corpus if len(text) < 200][:900]
    make("xlm-v", train(some, bos_id=1, eos_id=2, unk_id=0), corpus)
    t5 = train([canonical(text) for text in some], pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    make("mt5", t5, corpus)
    make_spiece(t5, corpus)
