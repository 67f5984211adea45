#!/usr/bin/env python3
"""Make torch_cases.json: what PyTorch makes of the cases in ../cases.json, in
float64, gradients by autograd; and of its forms of the Gaussian and Poisson
losses, and of special values.

Not among the scripts that regenerate.sh runs, because PyTorch is large. Debian
12's python3-torch 1.13.1 made the file; one thread, and the same bytes again.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
HERE = Path(__file__).resolve().parent
SOURCE = json.loads((HERE.parent / "cases.json").read_text())


def number(v):
    if v != v:
        return "NaN"
    if v in (float("inf"), float("-inf")):
        return "Infinity" if v > 0 else "-Infinity"
    return v


def numbers(t):
    return [number(v) for v in t.detach().flatten().tolist()]


def tensor(v):
    return None if v is None else torch.tensor(v, dtype=torch.float64)


def result(x, loss):
    """loss(reduction) of the leaf x."""
    out = {"losses": numbers(loss("none"))}
    for r in ["sum", "mean"]:
        x.grad = None
        v = loss(r)
        v.backward()
        out[r] = number(v.item())
        out[r + "_grad"] = numbers(x.grad)
    return out


def cross_entropy(c):
    x = torch.tensor(c["x"], dtype=torch.float64).reshape(-1, c["columns"]).requires_grad_()
    w = tensor(c["weights"])
    if len(c["ignore"]) > 1 or c["from"] != "logits" and (c["smoothing"] or "shares" in c):
        return None  # one class at most is ignored, and nll_loss has labels only
    ignore = c["ignore"][0] if c["ignore"] else -100
    if "labels" in c:
        target = torch.tensor(c["labels"])
    else:
        target = torch.tensor(c["shares"], dtype=torch.float64).reshape(-1, c["columns"])
    if c["from"] == "logits":
        return result(x, lambda r: F.cross_entropy(x / c["temperature"], target, weight=w, ignore_index=ignore, reduction=r,
                                                   label_smoothing=c["smoothing"]))
    return result(x, lambda r: F.nll_loss(x if c["from"] == "log_probs" else x.log(), target, weight=w, ignore_index=ignore,
                                          reduction=r))


def binary(c):
    x = torch.tensor(c["x"], dtype=torch.float64).reshape(-1, c["columns"]).requires_grad_()
    y = torch.tensor(c.get("shares", c.get("labels")), dtype=torch.float64).reshape(-1, c["columns"])
    return result(x, lambda r: F.binary_cross_entropy_with_logits(x, y, weight=tensor(c["weights"]),
                                                                  pos_weight=tensor(c["positive"]), reduction=r))


def gaussian(c):
    y, m, v = tensor(c["y"]), tensor(c["mean"]), tensor(c["variance"])
    return {f"full={full} eps={eps}": numbers(F.gaussian_nll_loss(m, y, v, full=full, eps=eps, reduction="none"))
            for full in [False, True] for eps in [1e-6, 1e-3]}


def poisson(c):
    y, x = tensor(c["y"] + [0.5, 1.5, 2.5]), tensor(c["x"] + [0.25, 1.0, 2.0])
    return {f"full={full} eps={eps}": numbers(F.poisson_nll_loss(x, y, log_input=c["log_rate"], full=full, eps=eps, reduction="none"))
            for full in [False, True] for eps in ([1e-8] if c["log_rate"] else [1e-8, 1e-3])}


inf, nan = float("inf"), float("nan")
special = []
for row, y in [([0.0, -inf], 1), ([0.0, -inf], 0), ([-inf, -inf], 0), ([inf, 0.0], 0), ([inf, 0.0], 1), ([nan, 0.0], 0),
               ([nan, 0.0], 1), ([1e30, -1e30], 0), ([-1e30, 1.0], 0), ([3e38, 3e38], 0), ([0.0, 110.0], 0), ([-0.0, 0.0], 1),
               ([inf, inf], 0), ([inf, -inf], 1), ([-inf, 2.0, -inf], 1)]:
    x = torch.tensor([row], dtype=torch.float64, requires_grad=True)
    loss = F.cross_entropy(x, torch.tensor([y]), reduction="sum")
    loss.backward()
    special.append({"x": [number(v) for v in row], "label": y, "loss": number(loss.item()), "grad": numbers(x.grad)})

kinds = {"cross_entropy": cross_entropy, "binary": binary, "gaussian": gaussian, "poisson": poisson}
out = []
for c in SOURCE["cases"]:
    got = kinds[c["kind"]](c) if c["kind"] in kinds else None
    if got is not None:
        out.append((c["name"], got))
ABOUT = {"what": "PyTorch's values for the cases of the same name in ../cases.json, in float64. poisson has three more pairs "
                 "(y, x) at its end: (0.5, 0.25), (1.5, 1), (2.5, 2).",
         "made_by": "ref/loss/torch/torch_cases.py with PyTorch " + torch.__version__}
with open(HERE / "torch_cases.json", "w") as f:
    f.write('{"about": ' + json.dumps(ABOUT, indent=1) + ',\n"special": ' + json.dumps(special) + ',\n"cases": {\n')
    f.write(",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in out) + "}}\n")
print(f"torch_cases.json: {len(out)} cases")
