"""Writes two small checkpoints as the authors' trainers do, of random values: python authors-checkpoints.py ../fixtures

CoOp saves its prompt learner alone; MaPLe, COMMA and LAMM save the whole model, so that its prompts have a prefix.
"""

import sys
import torch

torch.manual_seed(11)
folder = sys.argv[1]
context = torch.randn(4, 128)
learner = {"ctx": context, "token_prefix": torch.randn(3, 1, 128), "token_suffix": torch.randn(3, 2, 128)}
whole = {f"prompt_learner.{name}": value.half() for name, value in learner.items()}
whole |= {"image_encoder.class_embedding": torch.randn(8), "logit_scale": torch.tensor(4.6052)}

for name, state in (("prompt-learner.pth.tar-50", learner), ("whole-model.pth.tar-5", whole)):
    parameter = torch.nn.Parameter(context.clone())
    optimizer = torch.optim.SGD([parameter], lr=0.002, momentum=0.9)
    parameter.sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    checkpoint = {"state_dict": state, "epoch": 50, "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(), "val_result": None}
    torch.save(checkpoint, f"{folder}/{name}")

print(" ".join(str(value) for value in context[0, :3].tolist()))
