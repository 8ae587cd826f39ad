"""Pretrains the embedded CLIP. Resumable: run it again with the same folder and it goes on from the last checkpoint."""

import argparse
import csv
import json
import math
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import tokenizer as bpe
from data import Captions, Pictures, Sampler, augment
from evaluate import concrete_labels, image_features, top1
from model import Clip, Shape
from muon import Muon


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder written by prepare.mjs")
    p.add_argument("--run", type=Path, required=True, help="folder for checkpoints and the log")
    p.add_argument("--minutes", type=float, default=80, help="training time; the schedule follows it")
    p.add_argument("--steps", type=int, default=0, help="instead of --minutes: a fixed number of steps")
    p.add_argument("--batch", type=int, default=256, help="pictures a step, two of each label")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--muon-lr", type=float, default=0.02)
    p.add_argument("--adam-lr", type=float, default=0.0015)
    p.add_argument("--muon-decay", type=float, default=0.05)
    p.add_argument("--save-minutes", type=float, default=4)
    return p.parse_args()


def optimisers(model, head, a):
    matrices = [p for n, p in model.named_parameters() if "resblocks" in n and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in chosen] + list(head.parameters())
    decayed, plain = [p for p in rest if p.ndim >= 2], [p for p in rest if p.ndim < 2]
    adam = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
        lr=a.adam_lr,
        betas=(0.9, 0.98),
        fused=True,
    )
    return [Muon(matrices, a.muon_lr, weight_decay=a.muon_decay), adam]


@torch.no_grad()
def centre(model, images):
    """Rescales ln_post so that image features start centred with unit spread."""
    features = model.visual(images)
    model.visual.ln_post.weight.div_(features.std(0) + 1e-3)
    model.visual.ln_post.bias.copy_(-features.mean(0) / (features.std(0) + 1e-3))


def patches_kept(progress: float) -> float:
    """Share of the patches that the vision tower looks at: fewer are cheaper, and a strong regulariser."""
    return 0.5 if progress < 0.6 else 0.7 if progress < 0.85 else 1.0


def batch_of(train, sampler, captions, a, grid, step: int, progress: float):
    """Everything random in a step depends on the seed and the step alone."""
    g, dice = torch.Generator().manual_seed(a.seed * 1_000_003 + step), random.Random(f"{a.seed} {step}")
    size, count = grid
    labels, pick = sampler.draw(a.batch // 2, g)
    pick = pick.T.flatten()  # first drawings, then second drawings
    images = augment(train.data[pick], train.black[pick], 0.3 + 0.6 * progress, size, g)
    share = patches_kept(progress)
    keep = torch.rand(a.batch, count, generator=g).argsort(1)[:, : round(share * count)] if share < 1 else None
    return images, keep, captions.draw(labels.tolist(), dice), labels


class Threads:
    """Two threads are faster on an idle machine, one on a busy one: measures both now and then."""

    def __init__(self):
        self.cost, self.now, self.step = {1: 0.0, 2: 0.0}, 2, 0

    def before(self):
        phase = self.step % 40
        if phase in (0, 4):
            self.now = 1 if phase == 0 else 2
            self.cost[self.now] = 0.0
        elif phase == 8:
            self.now = min(self.cost, key=self.cost.get)
        torch.set_num_threads(self.now)

    def after(self, seconds: float):
        if self.step % 40 < 8:
            self.cost[self.now] += seconds
        self.step += 1


def main():
    a = arguments()
    torch.manual_seed(a.seed)
    a.run.mkdir(parents=True, exist_ok=True)
    labels = json.loads((a.data / "labels.json").read_text())
    seen = [i for i, item in enumerate(labels) if item["seen"]]
    shape = Shape()
    if not (a.run / "tokenizer.json").exists():
        bpe.train((a.data / "captions.txt").read_text().split("\n"), shape.vocab_size, a.run / "tokenizer.json")
    tokens = Tokenizer.from_file(str(a.run / "tokenizer.json"))
    captions = Captions(labels, tokens, shape.context_length)
    grid = (shape.image_size, (shape.image_size // shape.patch_size) ** 2)

    train = Pictures(a.data, "train")
    validation = Pictures(a.data, "validation")
    kept = torch.isin(validation.labels, torch.tensor(seen))
    val_images, val_labels = validation.resized(shape.image_size)[kept], validation.labels[kept]
    styles = {s for s in train.sources if s.startswith(("noto", "fluent-emoji", "twemoji"))}
    sampler = Sampler(train, styles)

    model = Clip(shape)
    head = torch.nn.Linear(shape.vision_width, len(labels))
    opts = optimisers(model, head, a)
    rates = [[group["lr"] for group in o.param_groups] for o in opts]
    step, spent, images_seen = 0, 0.0, 0
    checkpoint = a.run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(state["model"])
        head.load_state_dict(state["head"])
        for o, s in zip(opts, state["optimisers"]):
            o.load_state_dict(s)
        step, spent, images_seen = state["step"], state["spent"], state["images_seen"]
        print(f"resumed at step {step}, {spent / 60:.1f} minutes", flush=True)
    else:
        centre(model, batch_of(train, sampler, captions, a, grid, 0, 0.0)[0])

    def save():
        state = dict(
            model=model.state_dict(), head=head.state_dict(), optimisers=[o.state_dict() for o in opts], step=step,
            spent=spent, images_seen=images_seen,
        )
        torch.save(state, a.run / "checkpoint.tmp")
        (a.run / "checkpoint.tmp").rename(checkpoint)

    def losses(images, keep, ids, wanted):
        with torch.autocast("cpu", torch.bfloat16):
            features = model.visual(images, keep)
            text = model.encode_text(ids)
            image = F.normalize(model.project(features), dim=-1)
            guess = head(features)
        logits = model.logit_scale.exp() * image @ text.T
        own = torch.arange(len(wanted)).repeat(2)  # the row of each picture's caption
        contrast = F.cross_entropy(logits, own) - F.log_softmax(logits, 0)[torch.arange(len(own)), own].mean()
        return contrast / 2, F.cross_entropy(guess.float(), wanted.repeat(2), label_smoothing=0.05)

    log_file = a.run / "log.csv"
    fresh = not log_file.exists()
    log = open(log_file, "a", newline="")
    writer = csv.writer(log)
    if fresh:
        writer.writerow(["step", "minutes", "images", "loss", "classifier", "scale", "val_all", "val_100"])
    concrete = concrete_labels(labels)
    last, saved, sums, count = time.time(), spent, [0.0, 0.0], 0
    next_eval = spent + 60
    pool = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
    ahead = pool.submit(batch_of, train, sampler, captions, a, grid, step, spent / (60 * a.minutes))
    threads = Threads()
    while True:
        progress = step / a.steps if a.steps else spent / (60 * a.minutes)
        done = progress >= 1
        if done or spent >= next_eval:
            model.eval()
            val_features = image_features(model, val_images)
            acc = top1(model, captions, val_features, val_labels, seen)
            acc100 = top1(model, captions, val_features, val_labels, concrete)
            n = max(count, 1)
            writer.writerow(
                [step, f"{spent / 60:.2f}", images_seen, f"{sums[0] / n:.4f}", f"{sums[1] / n:.4f}",
                 f"{model.logit_scale.exp().item():.2f}", f"{acc:.4f}", f"{acc100:.4f}"]
            )
            log.flush()
            print(f"{progress:6.1%} threads {threads.now} step {step} images {images_seen} loss {sums[0] / n:.3f} classifier {sums[1] / n:.3f} "
                  f"validation {acc:.1%} / {acc100:.1%}", flush=True)
            sums, count = [0.0, 0.0], 0
            next_eval = spent + 0.025 * 60 * a.minutes
            model.train()
            last = time.time()
        if done or spent - saved > 60 * a.save_minutes:
            save()
            saved, last = spent, time.time()
        if done:
            break
        factor = min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * progress))
        for o, initial in zip(opts, rates):
            for group, rate in zip(o.param_groups, initial):
                group["lr"] = rate * factor
        images, keep, ids, wanted = ahead.result()
        ahead = pool.submit(batch_of, train, sampler, captions, a, grid, step + 1, progress)
        threads.before()
        contrast, classifier = losses(images, keep, ids, wanted)
        for o in opts:
            o.zero_grad(set_to_none=True)
        (contrast + classifier).backward()
        for o in opts:
            o.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        sums[0] += contrast.item()
        sums[1] += classifier.item()
        if not math.isfinite(sums[0] + sums[1]):
            raise SystemExit(f"step {step}: the loss is not finite; lower --muon-lr or --adam-lr")
        count += 1
        step += 1
        images_seen += a.batch
        now = time.time()
        threads.after(now - last)
        spent, last = spent + now - last, now


if __name__ == "__main__":
    main()
