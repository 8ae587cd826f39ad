"""Records what PyTorch's optimisers do to two small tensors: python pytorch-optimizers.py > ../fixtures/pytorch-optimizers.json"""

import json
import torch

torch.manual_seed(7)
start = {"weight": torch.randn(2, 3), "bias": torch.randn(3)}
gradients = [{name: torch.randn_like(value) for name, value in start.items()} for _ in range(6)]
gradients[0]["bias"] = gradients[1]["bias"] = gradients[4]["bias"] = None  # skipped, state included
rates = [1e-5, 0.0035, 0.0035, 0.1, 0.02, 0.02]
cases = {
    "sgd": dict(optimizer="sgd", momentum=0.9, weightDecay=5e-4),
    "sgd without momentum": dict(optimizer="sgd", momentum=0, weightDecay=0.1),
    "sgd without decay": dict(optimizer="sgd", momentum=0.9, weightDecay=0),
    "adam": dict(optimizer="adam", weightDecay=0, beta1=0.9, beta2=0.999, epsilon=1e-8),
    "adam with decay": dict(optimizer="adam", weightDecay=0.05, beta1=0.8, beta2=0.95, epsilon=1e-6),
    "adamw": dict(optimizer="adamw", weightDecay=0.05, beta1=0.9, beta2=0.999, epsilon=1e-8),
}


def build(settings, parameters):
    if settings["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, lr=1, momentum=settings["momentum"], weight_decay=settings["weightDecay"])
    kind = torch.optim.Adam if settings["optimizer"] == "adam" else torch.optim.AdamW
    betas = (settings["beta1"], settings["beta2"])
    return kind(parameters, lr=1, betas=betas, eps=settings["epsilon"], weight_decay=settings["weightDecay"])


def flat(tensors):
    return {name: None if t is None else t.detach().flatten().tolist() for name, t in tensors.items()}


recorded = []
for name, settings in cases.items():
    parameters = {key: torch.nn.Parameter(value.clone()) for key, value in start.items()}
    optimizer = build(settings, list(parameters.values()))
    values = []
    for gradient, rate in zip(gradients, rates):
        for key, parameter in parameters.items():
            parameter.grad = None if gradient[key] is None else gradient[key].clone()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        values.append(flat(parameters))
    recorded.append({"name": name, "settings": settings, "values": values})

print(json.dumps({
    "source": f"torch {torch.__version__}, float32",
    "shapes": {name: list(value.shape) for name, value in start.items()},
    "start": flat(start),
    "learningRates": rates,
    "gradients": [flat(gradient) for gradient in gradients],
    "cases": recorded,
}))
