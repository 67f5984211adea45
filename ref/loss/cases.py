#!/usr/bin/env python3
"""Make cases.json: losses with every option, reduction and gradient, and what
they must give.

Inputs are drawn with a fixed seed, and are numbers that their type holds.
Expected values are computed with mpmath at 150 digits from the exact inputs, by
the definitions below and nothing cleverer, and written with 20. The gradients
are checked against central differences of the losses at 150 digits, and
published values against what is computed here.
"""

import json
import random
import struct
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 150
HERE = Path(__file__).resolve().parent
rng = random.Random(1873)


def gauss(mean, spread):
    """Rounded, so that the last bits of a math library do not show."""
    return round(rng.gauss(mean, spread), 9)

ABOUT = {
    "what": "Losses. Inputs are numbers of the named type; expected values are decimal strings with 20 digits, "
            "computed at 150 digits from the exact inputs. Logarithms are natural.",
    "made_by": "ref/loss/cases.py (mpmath)",
    "cross_entropy": "rows of `columns` numbers in x, flat. from: what x is: logits (softmax of x/temperature), log_probs, "
                     "probs. labels, one a row, or shares y, as many as x. Of smoothing e, y becomes y*(1-e) + e/columns. "
                     "A row's loss is sum w*y*(-log p), with the weights w of the classes; 0 if its label is in ignore. "
                     "sum is of all losses; mean is sum over weight: the sum of w of the labels of rows not ignored, "
                     "with shares the number of rows; null if that is 0 over 0. grad is the gradient of the sum with "
                     "respect to x; that of the mean is grad/weight.",
    "binary": "numbers in x, flat, with labels or shares y: w*(v*y*log(1+exp(-x)) + (1-y)*log(1+exp(x))), w and v by "
              "column (weights, positive); weight is the count of numbers",
    "gaussian": "log(2*pi*v)/2 + (y-m)^2/(2*v)",
    "poisson": "rate - y*log(rate) + log(y!), rate = exp(x) if log_rate, else x",
    "kl": "sum p*log(p/q) of the softmaxes p and q of two rows",
}


def text(v):
    if v is None:
        return None
    if mp.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    return mp.nstr(v, 20)


def texts(vs):
    return [text(v) for v in vs]


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def bf16(x):
    b = struct.unpack("<I", struct.pack("<f", x))[0] & 0xFFFF0000
    return struct.unpack("<f", struct.pack("<I", b))[0]


def f16(x):
    return struct.unpack("<e", struct.pack("<e", x))[0]


ROUND = {"float64": lambda x: x, "float32": f32, "bfloat16": bf16, "float16": f16}


def log_probs(case, row):
    if case["from"] == "log_probs":
        return [mpf(v) for v in row]
    if case["from"] == "probs":
        return [mp.log(v) if v > 0 else -mp.inf for v in row]
    if len(row) == 1:
        return [mpf(0)]
    x = [mpf(v) / mpf(case["temperature"]) for v in row]
    all_ = mp.log(sum(mp.exp(v) for v in x))
    return [v - all_ for v in x]


def shares(case, i):
    n = case["columns"]
    if "labels" in case:
        y = [mpf(k == case["labels"][i]) for k in range(n)]
    else:
        y = [mpf(v) for v in case["shares"][i * n:(i + 1) * n]]
    e = mpf(case["smoothing"])
    w = case["weights"] or [1] * n
    return [mpf(w[k]) * (y[k] * (1 - e) + e / n) for k in range(n)]


def ignored(case, i):
    return "labels" in case and case["labels"][i] in case["ignore"]


def row_loss(case, i, row):
    if ignored(case, i):
        return mpf(0)
    return sum((q * -lp for q, lp in zip(shares(case, i), log_probs(case, row)) if q != 0), mpf(0))


def row_grad(case, i, row):
    if ignored(case, i):
        return [mpf(0)] * len(row)
    q = shares(case, i)
    if case["from"] == "log_probs":
        return [-v for v in q]
    if case["from"] == "probs":
        return [-v / mpf(x) for v, x in zip(q, row)]
    p = [mp.exp(v) for v in log_probs(case, row)]
    return [(sum(q) * p[k] - q[k]) / mpf(case["temperature"]) for k in range(len(row))]


def check_gradient(case, i, row, grad):
    if case["dtype"] != "float64" or i > 1:
        return
    h = mpf(10) ** -20
    for k in range(len(row)):
        up, down = [mpf(v) for v in row], [mpf(v) for v in row]
        up[k] += h
        down[k] -= h
        slope = (row_loss(case, i, up) - row_loss(case, i, down)) / (2 * h)
        assert abs(slope - grad[k]) <= mpf(10) ** -15 * (1 + abs(slope)), (case["name"], i, k, slope, grad[k])


def cross_entropy(name, rows, columns, dtype="float64", from_="logits", soft=False, spread=2.0, weights=None,
                  ignore=(), smoothing=0.0, temperature=1.0, x=None, labels=None, share_list=None, shift=0.0):
    to = ROUND[dtype]
    case = {"kind": "cross_entropy", "name": name, "dtype": dtype, "from": from_, "columns": columns,
            "weights": weights, "ignore": list(ignore), "smoothing": smoothing, "temperature": temperature}
    if x is None:
        x = []
        for _ in range(rows):
            row = [gauss(shift, spread) for _ in range(columns)]
            if from_ != "logits":
                e = [float(mp.exp(v)) for v in row]
                row = [v / sum(e) for v in e]
                if from_ == "log_probs":
                    row = [float(mp.log(v)) for v in row]
            x += [to(v) for v in row]
    case["x"] = x
    if soft:
        if share_list is None:
            share_list = []
            for _ in range(rows):
                e = [round(rng.expovariate(1.0), 9) if rng.random() < 0.7 else 0.0 for _ in range(columns)]
                e[rng.randrange(columns)] += 0.5
                share_list += [v / sum(e) for v in e]
        case["shares"] = share_list
    else:
        if labels is None:
            labels = [rng.randrange(columns) for _ in range(rows)]
            for i, y in enumerate(ignore):
                labels[(2 * i + 1) % rows] = y
        case["labels"] = labels
    case["rows"] = rows
    losses, grad = [], []
    for i in range(rows):
        row = x[i * columns:(i + 1) * columns]
        losses.append(row_loss(case, i, row))
        g = row_grad(case, i, row)
        check_gradient(case, i, row, g)
        grad += g
    total = sum(losses)
    if soft:
        weight = mpf(rows)
    else:
        w = weights or [1] * columns
        weight = sum((mpf(w[y]) for y in labels if y not in ignore), mpf(0))
    case["losses"] = texts(losses)
    case["sum"] = text(total)
    case["mean"] = text(total / weight) if weight != 0 else None
    case["grad"] = texts(grad)
    case["weight"] = text(weight)
    return case


def softplus(x):
    return mp.log1p(mp.exp(x))


def binary(name, rows, columns, dtype="float64", soft=False, spread=3.0, weights=None, positive=None, x=None):
    n = rows * columns
    x = x or [ROUND[dtype](gauss(0, spread)) for _ in range(n)]
    case = {"kind": "binary", "name": name, "dtype": dtype, "columns": columns, "rows": rows, "weights": weights,
            "positive": positive, "x": x}
    if soft:
        y = case["shares"] = [round(rng.random(), 3) for _ in range(n)]
    else:
        y = case["labels"] = [rng.randrange(2) for _ in range(n)]
    losses, grad = [], []
    for i in range(n):
        w = mpf(weights[i % columns]) if weights else mpf(1)
        v = mpf(positive[i % columns]) if positive else mpf(1)
        z, t = mpf(x[i]), mpf(y[i])
        losses.append(w * (v * t * softplus(-z) + (1 - t) * softplus(z)))
        grad.append(w * ((1 - t) / (1 + mp.exp(-z)) - v * t / (1 + mp.exp(z))))
    case["losses"], case["grad"] = texts(losses), texts(grad)
    case["sum"], case["mean"] = text(sum(losses)), text(sum(losses) / n)
    case["weight"] = text(mpf(n))
    return case


def gaussian(name, dtype, n=10):
    to = ROUND[dtype]
    y = [to(gauss(1, 3)) for _ in range(n)] + [40.0, 1e200 if dtype == "float64" else to(1e30), 1.0]
    m = [to(gauss(1, 3)) for _ in range(n)] + [0.0, 0.0, 1.0]
    v = [to(abs(gauss(0, 2)) + 1e-9) for _ in range(n - 1)] + [to(1e-9), 1.0, to(1e300) if dtype == "float64" else to(1e30), to(1e-30)]
    losses = [mp.log(2 * mp.pi * mpf(s)) / 2 + (mpf(a) - mpf(b)) ** 2 / (2 * mpf(s)) for a, b, s in zip(y, m, v)]
    return {"kind": "gaussian", "name": name, "dtype": dtype, "y": y, "mean": m, "variance": v,
            "losses": texts(losses), "sum": text(sum(losses)), "mean_loss": text(sum(losses) / len(y))}


def poisson(name, dtype, log_rate):
    to = ROUND[dtype]
    pairs = [(0, 0.5), (0, 1e-20), (1, 1.0), (1, 1e-9), (2, 3.5), (3, 3.0), (7, 2.25), (15, 15.5), (20, 21.0), (21, 20.0),
             (22, 22.0), (100, 90.0), (1000, 1000.0), (1000, 1.0), (5, 400.0), (10 ** 6, 10 ** 6 + 0.5), (10 ** 9, 1.001e9),
             (123456789, 1.3e8), (2 ** 40, 2.0 ** 40 + 2 ** 20)]
    if dtype != "float64":
        pairs = [p for p in pairs if p[0] <= 10 ** 6]
    y = [float(a) for a, _ in pairs]
    x = [to(float(mp.log(mpf(b)))) if log_rate else to(float(b)) for _, b in pairs]
    losses = []
    for a, b in zip(y, x):
        rate, log = (mp.exp(mpf(b)), mpf(b)) if log_rate else (mpf(b), mp.log(mpf(b)))
        losses.append(rate - mpf(a) * log + mp.loggamma(mpf(a) + 1))
    return {"kind": "poisson", "name": name, "dtype": dtype, "log_rate": log_rate, "y": y, "x": x,
            "losses": texts(losses), "sum": text(sum(losses)), "mean_loss": text(sum(losses) / len(y))}


def kl(name, p, q):
    def soft(row):
        e = [mp.exp(mpf(v)) for v in row]
        return [v / sum(e) for v in e]
    a, b = soft(p), soft(q)
    return {"kind": "kl", "name": name, "p": p, "q": q,
            "kl": text(sum(u * mp.log(u / v) for u, v in zip(a, b)) if p != q else mpf(0))}


def draw(n, spread):
    return [gauss(0, spread) for _ in range(n)]


cases = []
W = [0.5, 2.0, 0.25, 3.0, 1.5, 0.75, 1.25, 0.1]
options = [
    ("plain", {}),
    ("weights", {"weights": W}),
    ("smoothing", {"smoothing": 0.1}),
    ("temperature", {"temperature": 2.5}),
    ("weights and smoothing", {"weights": W, "smoothing": 0.3}),
    ("all", {"weights": W, "smoothing": 0.05, "temperature": 0.7}),
    ("smoothing 1", {"smoothing": 1.0}),
    ("a weight of 0 and a negative one", {"weights": [0.0, 2.0, -0.25, 3.0, 1.5, 0.75, 1.25, 0.1]}),
]
for dtype in ["float64", "float32", "bfloat16", "float16"]:
    for what, opts in options:
        for soft in [False, True]:
            for ignore in [(), (-100,), (3, -1)]:
                if soft and ignore:
                    continue
                name = f"{dtype} {'soft' if soft else 'hard'} {what}" + (f" ignore {list(ignore)}" if ignore else "")
                cases.append(cross_entropy(name, 4, 8, dtype, soft=soft, ignore=ignore, **opts))
for from_ in ["log_probs", "probs"]:
    for what, opts in options:
        if "temperature" not in opts:
            for soft in [False, True]:
                cases.append(cross_entropy(f"{from_} {'soft' if soft else 'hard'} {what}", 5, 8, from_=from_, soft=soft, **opts))
for columns in [1, 2, 3, 10, 16, 17, 40]:
    cases.append(cross_entropy(f"{columns} classes", 4, columns, "float32"))
    cases.append(cross_entropy(f"{columns} classes, soft", 3, columns, "float64", soft=True))
for dtype in ["float64", "float32"]:
    for shift in [-200.0, 200.0, 5000.0]:
        cases.append(cross_entropy(f"{dtype} shifted by {shift}", 4, 6, dtype, shift=shift))
        cases.append(cross_entropy(f"{dtype} soft shifted by {shift}", 4, 6, dtype, shift=shift, soft=True))
    cases.append(cross_entropy(f"{dtype} confident and right", 3, 4, dtype, labels=[0, 1, 2],
                               x=[60.0, 0.0, 1.5, -3.0, -20.0, 10.0, -30.0, -20.0, 1.0, 2.0, 45.5, 3.25]))
    cases.append(cross_entropy(f"{dtype} confident and right, soft", 2, 4, dtype, soft=True,
                               x=[60.0, 0.0, 1.5, -3.0, -20.0, 10.0, -30.0, -20.0], share_list=[1.0, 0, 0, 0, 0, 1.0, 0, 0]))
    cases.append(cross_entropy(f"{dtype} 110 apart", 2, 2, dtype, labels=[0, 1], x=[0.0, 110.0, 0.0, 110.0]))
cases.append(cross_entropy("all ignored", 3, 4, ignore=(2,), labels=[2, 2, 2]))
cases.append(cross_entropy("shares that do not sum to 1", 2, 3, soft=True, share_list=[0.5, 0.25, 3.0, 0.0, 0.0, 0.0]))
# The same data twice: only the mean differs, where there are weights.
same = [round(gauss(0, 1.5), 3) for _ in range(12)]
for soft in [False, True]:
    cases.append(cross_entropy("one-hot with weights, " + ("soft" if soft else "hard"), 4, 3, x=same, labels=[2, 0, 1, 2],
                               share_list=[0.0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1], soft=soft, weights=[0.6, 1.0, 1.6]))

for dtype in ["float64", "float32", "bfloat16", "float16"]:
    for soft in [False, True]:
        for what, opts in [("plain", {}), ("weights", {"weights": [0.5, 2.0, 0.0]}), ("positive", {"positive": [3.0, 0.25, 1.0]}),
                           ("both", {"weights": [0.5, 2.0, 1.5], "positive": [3.0, 0.25, 1.0]})]:
            cases.append(binary(f"binary {dtype} {'soft' if soft else 'hard'} {what}", 5, 3, dtype, soft=soft, **opts))
cases.append(binary("binary far out", 6, 1, x=[40.0, -40.0, 700.0, -700.0, 1e-20, 36.5]))
for dtype in ["float64", "float32"]:
    cases.append(gaussian(f"gaussian {dtype}", dtype))
    for log_rate in [False, True]:
        cases.append(poisson(f"poisson {dtype} {'log rate' if log_rate else 'rate'}", dtype, log_rate))
for n, spread in [(2, 1.0), (5, 3.0), (10, 0.01), (10, 30.0), (100, 2.0), (1, 1.0)]:
    cases.append(kl(f"kl of {n}, spread {spread}", draw(n, spread), draw(n, spread)))
row = draw(10, 3.0)
cases.append(kl("kl of nearly equal rows", row, [v + 1e-9 * gauss(0, 1) for v in row]))
cases.append(kl("kl far apart", [0.0, 0.0], [0.0, -2000.0]))
cases.append(kl("kl the other way", [0.0, -2000.0], [0.0, 0.0]))
cases.append(kl("kl of a row from itself", row, row))
cases.append(kl("kl shifted far", [1e6, 1e6 + 1], [-1e6, -1e6 - 3]))

# Published: the issues 31295 and 107680 of pytorch/pytorch, to the decimals there.
published = [
    {"source": "pytorch/pytorch issue 31295", "columns": 5,
     "x": [0.3367, 0.1288, 0.2345, 0.2303, -1.1229, -0.1863, 2.2082, -0.6380, 0.4617, 0.2674, 0.5349, 0.8094, 1.1103, -1.6898, -0.9890],
     "weights": [0.9580, 1.3221, 0.8172, -0.7658, -0.7506], "labels": [1, 0, 4],
     "losses": [2.0560, 2.6612, -2.2593], "sum": 2.4579, "mean": 1.6070},
    {"source": "pytorch/pytorch issue 107680", "columns": 3, "x": [2.3, 2.1, 4.5, 4.2, 3.2, 5.1],
     "weights": [25.0, 25.0, 100.0], "labels": [1, 2], "mean": 0.8705, "mean_one_hot": 54.4052},
]
for p in published:
    n = p["columns"]
    rows = len(p["labels"])
    c = cross_entropy(p["source"], rows, n, x=p["x"], labels=p["labels"], weights=p["weights"])
    hot = [float(k == y) for y in p["labels"] for k in range(n)]
    s = cross_entropy(p["source"], rows, n, x=p["x"], share_list=hot, soft=True, weights=p["weights"])
    for got, want in [(c["mean"], p["mean"]), (c["sum"], p.get("sum")), (s["mean"], p.get("mean_one_hot"))]:
        assert want is None or abs(mpf(got) - want) < 2e-4, (p["source"], got, want)
    for got, want in zip(c["losses"], p.get("losses", [])):
        assert abs(mpf(got) - want) < 2e-4, (p["source"], got, want)

with open(HERE / "cases.json", "w") as f:
    f.write('{"about": ' + json.dumps(ABOUT, indent=1) + ',\n"published": [\n')
    f.write(",\n".join(" " + json.dumps(p) for p in published))
    f.write('],\n"cases": [\n' + ",\n".join(" " + json.dumps(c) for c in cases) + "]}\n")
print(f"cases.json: {len(cases)} cases")
