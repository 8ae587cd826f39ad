"""Byte-level BPE in CLIP's layout: 256 bytes, the same at the end of a word, merges, start and end of text."""

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
START, END = "<|startoftext|>", "<|endoftext|>"


def train(captions: list[str], vocab_size: int, file: Path) -> None:
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    # Named as special tokens, the ends of words get their ids first, in this order; else ties between merges are
    # decided by the order of a hash map, and no two trainings give the same merges.
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        end_of_word_suffix="</w>",
        special_tokens=letters + [f"{letter}</w>" for letter in letters],
        show_progress=False,
    )
    learner.train_from_iterator(captions, trainer)
    data = json.loads(learner.to_str())
    symbols = letters + [f"{letter}</w>" for letter in letters]
    merges = []
    for left, right in data["model"]["merges"]:
        if len(symbols) == vocab_size - 2:
            break
        merges.append([left, right])
        symbols.append(left + right)
    data["model"]["vocab"] = {s: i for i, s in enumerate([*symbols, START, END])}
    data["model"]["merges"] = merges
    data["added_tokens"] = [
        {
            "id": len(symbols) + i,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for i, token in enumerate([START, END])
    ]
    file.write_text(json.dumps(data, ensure_ascii=False))
    reread = Tokenizer.from_file(str(file))
    assert reread.get_vocab_size() == len(symbols) + 2, "two merges gave the same symbol"
