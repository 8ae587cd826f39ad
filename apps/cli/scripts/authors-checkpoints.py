"""Writes small checkpoints as the authors' trainers do, of random values: python authors-checkpoints.py ../fixtures

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



def linear(name, inputs, outputs):
    return {f"{name}.weight": torch.randn(outputs, inputs), f"{name}.bias": torch.randn(outputs)}


def whole_model(parts):
    """Towers and prompts under one root, in half precision, as MultiModalPromptLearner is saved."""
    buffers = {"token_prefix": torch.randn(3, 1, 128), "token_suffix": torch.randn(3, 4, 128)}
    state = {f"prompt_learner.{name}": value.half() for name, value in {**parts, **buffers}.items()}
    return {**state, "image_encoder.class_embedding": torch.randn(8), "logit_scale": torch.tensor(4.6052)}


maple_lamm = whole_model({
    "ctx": torch.randn(2, 128),
    **linear("proj", 128, 192),
    "compound_prompts_text.0": torch.randn(2, 128),
    **linear("compound_prompt_projections.0", 128, 192),
    "token_classes": torch.randn(3, 1, 128),
})
generator = "compound_prompt_projections_image_base"
comma = whole_model({
    "ctx": torch.randn(2, 128),
    **linear("proj", 128, 192),
    "compound_prompts_text": torch.randn(1, 2, 128),
    "compound_prompts_image": torch.randn(1, 2, 192),
    **linear(f"{generator}.fc", 128, 192),
    f"{generator}.ln.weight": torch.randn(192),
    f"{generator}.ln.bias": torch.randn(192),
    **linear(f"{generator}.mlp.0", 192, 48),
    **linear(f"{generator}.mlp.2", 48, 192),
})

for name, state in (
    ("prompt-learner.pth.tar-50", learner),
    ("whole-model.pth.tar-5", whole),
    ("maple-lamm.pth.tar-5", maple_lamm),
    ("comma.pth.tar-5", comma),
):
    parameter = torch.nn.Parameter(context.clone())
    optimizer = torch.optim.SGD([parameter], lr=0.002, momentum=0.9)
    parameter.sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    checkpoint = {"state_dict": state, "epoch": 50, "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(), "val_result": None}
    torch.save(checkpoint, f"{folder}/{name}")

print(" ".join(str(value) for value in context[0, :3].tolist()))
