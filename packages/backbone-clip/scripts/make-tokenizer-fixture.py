"""Writes fixtures/clip-token-ids.json.gz and fixtures/small-tokenizer.json(.gz): texts with the ids of the reference.

Needs: pip install ftfy regex numpy tokenizers, and the folder of an unpacked open_clip_torch wheel.
    python make-tokenizer-fixture.py UNPACKED_WHEEL FIXTURES_FOLDER

Texts that ftfy repairs as wrongly decoded (its one fix that the package does not have) are left out and counted.
"""
import gzip
import importlib.util
import json
import random
import sys
import types
import unicodedata

import ftfy

wheel, out = sys.argv[1], sys.argv[2]
torch = types.ModuleType("torch")  # the module names torch in annotations alone until it is called
torch.Tensor = torch.LongTensor = object
sys.modules["torch"] = torch
spec = importlib.util.spec_from_file_location("reference", wheel + "/open_clip/tokenizer.py")
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)
tokenizer = reference.SimpleTokenizer()

draw = random.Random(20240101)
names, symbols = [], []
for code in list(range(0x1F300, 0x1F6D0)) + list(range(0x1F900, 0x1FA00)) + list(range(0x2600, 0x27C0)):
    name = unicodedata.name(chr(code), "")
    if name:
        names.append(name.replace("-", "_").title() if code % 3 else name.lower())
        symbols.append(chr(code))
templates = [
    "a photo of a {}.", "{}", "a photo of a {}, a type of pet.", "a centered satellite photo of {}.",
    "a photo of a person doing {}.", "THE {}!", "{} & {}", "“{}” – {}…", "it's {}'s, they're {}: we'll see",
]
makers = ["Kestrel", "Orion", "Vélos", "Škarpa", "Müller-Süd", "Ångvik", "Ōtori", "Łabędź"]
bodies = ["Coupé", "Sedan", "4x4", "SuperCab", "GT-R", "Type-S", "Cabriolet", "Van"]
words = """crème brûlée|piñata|smörgåsbord|jalapeño|naïveté|façade|Ærø|þing|İstanbul|ΣΊΣΥΦΟΣ|Ελλάδα|Москва|Київ|東京タワー|北京烤鸭|
서울|हिन्दी|ภาษาไทย|עברית|العربية|ქართული|አማርኛ|Việt Nam|straße|ﬁne ﬂour|ｆｕｌｌ ｗｉｄｔｈ|ﾃｽﾄ|e\u0301clair|Ǆungla|ŉ boom|½ cup|x²|№ 5|
constructor|__proto__|toString|hasOwnProperty|snake_case_name|kebab-case|CamelCase|f(x)=x^2|C++|C#|100%|$9.99|£3|€4|10:30|2024-12-31|
3.14159|1,000,000|v2.0.1|user@mail|#tag|a/b\\c|~approx|[x]{y}|<b>bold</b>|&amp;|&amp;amp;lt;|&lt;tag&gt;|P&EACUTE;REZ|caf&eacute;|&copy 2020|
&notit;|&#233;|&#x1F600;|&#128;|&bogus;|x &lt y|'tis|rock 'n' roll|I'd've|don’t|‘quoted’|„low“|"straight"|tab\there|new\nline|cr\r\nlf|
nb\u00a0space|thin\u2009space|zero\u200bwidth|soft\u00adhyphen|bell\u0007|esc \x1b[31mred\x1b[0m|\ufeffbom|line\u2028sep|a\u0085b|👩‍👩‍👧‍👦|
🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F|👍🏽|🇩🇪|☕️|1️⃣|ﷺ|Ⅻ|①|٣|੧|𝔘nicode|𝟘|'ſ|ſ|K|ß|ẞ|ŭ|  many   spaces  ||.|...|?!|
<start of text>|a\u0301\u0323|ấ|Ṩ|ọ́|日本語とEnglish混在|mañana—mañana|em—dash|en–dash|minus−|‰|°C|µm|Ω|ﬀ ﬃ ﬄ ﬅ ﬆ|supercalifragilisticexpialidocious|
pneumonoultramicroscopicsilicovolcanoconiosis|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|!!!!!!!!!!!!!!|0123456789|zzzz9zzz|l'été|d'Artagnan|o'clock""".replace("|\n", "|").split("|")

texts = list(words)
texts += [templates[i % 7].format(name, name) for i, name in enumerate(names)]
for i in range(500):
    name, other, more = draw.choice(names), draw.choice(words), draw.choice(symbols)
    texts.append(draw.choice(templates).replace("{}", name, 1).replace("{}", other, 1).replace("{}", more, 1))
for _ in range(200):
    texts.append(f"{draw.randint(1990, 2025)} {draw.choice(makers)} {draw.choice(bodies)} {draw.randint(1, 999)}{draw.choice(['', 'i', 'xi', ' V8'])}")
blocks = [(0x20, 0x7F), (0xA0, 0x180), (0x370, 0x400), (0x400, 0x460), (0x900, 0x980), (0x3040, 0x3100), (0x4E00, 0x4F00), (0xAC00, 0xAD00),
          (0x2000, 0x2070), (0x2190, 0x2200), (0xFF00, 0xFFF0), (0x1F600, 0x1F650), (0x300, 0x340), (0x0, 0x20)]
for _ in range(400):
    low, high = draw.choice(blocks)
    mixed = [chr(draw.randrange(*draw.choice([(low, high), (0x20, 0x7F)]))) for _ in range(draw.randint(1, 24))]
    texts.append("".join(mixed))
# entities of all kinds, whole, truncated and in capitals
import html.entities
for name in draw.sample(sorted(html.entities.html5), 200):
    texts.append(f"x&{draw.choice([name, name.upper(), name.lower(), name + 'y'])} z")

texts = list(dict.fromkeys(texts))
assigned = [t for t in texts if all(unicodedata.category(c) != "Cn" for c in t)]
kept = [t for t in assigned if ftfy.fix_text(t) == ftfy.fix_text(t, fix_encoding=False)]
print(len(texts), "texts,", len(assigned) - len(kept), "left out because ftfy re-decodes them,", len(kept), "kept")
rows = [[t, tokenizer.encode(t)] for t in kept]
with open(out + "/clip-token-ids.json.gz", "wb") as f:
    f.write(gzip.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0))

# A small vocabulary in tokenizer.json, trained here, with the ids that the reference library gives.
from tokenizers import Tokenizer, Regex, normalizers, pre_tokenizers, models, trainers

small = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
small.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
pattern = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
small.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(pattern, behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False)
small.train_from_iterator([t + " " + " ".join(alphabet) for t in names], trainer)
data = json.loads(small.to_str())
vocab = data["model"]["vocab"]
for character in alphabet:  # training on text sees only some bytes at a word's end; CLIP's vocabulary has all
    vocab.setdefault(character + "</w>", len(vocab))
for i, content in enumerate(["<|startoftext|>", "<|endoftext|>"]):
    data["added_tokens"].append({"id": len(vocab) + i, "content": content, "single_word": False, "lstrip": False,
                                 "rstrip": False, "normalized": False, "special": True})
small = Tokenizer.from_str(json.dumps(data))
samples = [t.lower() for t in kept if t.isascii() and "&" not in t and t.isprintable()][:300]
with open(out + "/small-tokenizer.json", "w") as f:
    json.dump(data, f, ensure_ascii=False, separators=(",", ":"))
with open(out + "/small-token-ids.json.gz", "wb") as f:
    rows = [[t, small.encode(t, add_special_tokens=False).ids] for t in samples]
    f.write(gzip.compress(json.dumps(rows, separators=(",", ":")).encode(), 9, mtime=0))
print(len(vocab), "tokens,", len(samples), "samples")
