"""Mean softmax cross entropy of float32 logits, with torch, or with numpy and scipy:
cross_entropy.py torch|scipy THREADS REPS WHAT ROWS CLASSES LOGITS LABELS

WHAT is "forward" or "forward and gradient". The files are read before anything is
timed; contestants run in turn. With a gradient the value is the sum of its
absolute values, else the mean loss. numpy and scipy get an eighth of the rows.
"""
import json
import re
import sys
import time

import numpy as np

how, threads, reps, what, rows, classes, logits, labels = sys.argv[1:]
threads, reps, rows, classes = int(threads), int(reps), int(rows), int(classes)
if how == "scipy":
    whole = rows
    rows = max(1, rows // 8)
x = np.fromfile(logits, "<f4", rows * classes).reshape(rows, classes)
y = np.fromfile(labels, "<i8", rows)
inner = max(1, 16_000_000 // (4 * rows * classes))
scale = 1
contests = []
check = None
if how == "torch":
    import torch

    torch.set_num_threads(threads)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    capability = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
    name = "torch " + {"AVX512": "AVX-512"}.get(capability.group(1), capability.group(1))
    if what == "forward":
        contests.append((name, torch.__version__, lambda: float(torch.nn.functional.cross_entropy(tx, ty))))
    else:
        tx.requires_grad_()

        def both():
            tx.grad = None
            loss = torch.nn.functional.cross_entropy(tx, ty)
            loss.backward()
            return float(loss.detach())

        contests.append((name, torch.__version__, both))
        check = lambda: float(tx.grad.abs().sum(dtype=torch.float64))
else:
    import scipy
    from scipy.special import logsumexp

    scale = whole / rows
    at = np.arange(rows)

    def by_hand():
        most = x.max(axis=1)
        return float((np.log(np.exp(x - most[:, None]).sum(axis=1)) + most - x[at, y]).mean())

    note = ", one thread, an eighth of the rows, × 8"
    contests.append(("scipy logsumexp", scipy.__version__ + note, lambda: float((logsumexp(x, axis=1) - x[at, y]).mean())))
    contests.append(("numpy by hand", np.__version__ + note, by_hand))

out = [{"name": name, "with": used, "seconds": [], "value": None} for name, used, _ in contests]
for rep in range(reps + 1):
    for entry, (_, _, f) in zip(out, contests):
        start = time.perf_counter()
        for _ in range(inner):
            entry["value"] = f()
        if rep:
            entry["seconds"].append(scale * (time.perf_counter() - start) / inner)
if check:
    out[0]["value"] = check()
print(json.dumps(out))
