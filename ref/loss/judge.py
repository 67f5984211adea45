#!/usr/bin/env python3
"""Make judge.json: rows of logits, and what each says of its target.

The logits are multiples of 1/64 that float32 holds exactly, "-Infinity", or one of
the values that masks are made of. Expected values are computed with mpmath at 50
digits, by the definition: p the softmax, loss = -log p[target], brier = sum over
the classes of (p - y)^2 (of two classes half of that), hit = 1/t if the target is
among the t classes with the largest logit, else 0. A small loss is log1p of the
others' share, so that 50 digits do for it.
"""

import json
import random
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 50
rng = random.Random(20)
INF = float("inf")
MASKS = [-1e30, -INF, -3.0e38, -120.0, -95.5, -88.0, -87.5]


def grid(x):
    return round(x * 64) / 64


def expected(row, t):
    top = max(row)
    e = [mp.exp(mpf(x) - mpf(top)) if x != -INF else mpf(0) for x in row]
    others = mp.fsum(e[:t] + e[t + 1:])
    total = others + e[t]
    if row[t] == -INF:
        loss = mp.inf
    else:
        loss = mp.log1p(others / e[t]) if e[t] > others else mp.log(total) + mpf(top) - mpf(row[t])
    brier = (others / total) ** 2 + mp.fsum((v / total) ** 2 for v in e[:t] + e[t + 1:])
    if len(row) == 2:
        brier /= 2
    ties = sum(x == top for x in row)
    return {"loss": mp.nstr(loss, 25) if loss != mp.inf else "Infinity", "brier": mp.nstr(brier, 25),
            "hit": 1 / ties if row[t] == top else 0}


def normal(k, sd, mean=0.0):
    return [grid(rng.gauss(mean, sd)) for _ in range(k)]


def raised(by):
    def make(k, t):
        row = normal(k, 1.5)
        row[t] = grid(row[t] + by)
        return row
    return make


def masked(k, t):
    row = normal(k, 1.5)
    for j in range(k):
        if j != t and j % 3 != 1:
            row[j] = rng.choice(MASKS)
    return row


def target_masked(mask):
    def make(k, t):
        row = normal(k, 1.5)
        row[t] = mask
        return row
    return make


def all_but(k, t):
    row = [-INF] * k
    row[t] = grid(rng.gauss(0, 2))
    return row


def ties(k, t):
    row = normal(k, 1)
    for j in [t, (t + 1) % k, (t + 2) % k]:
        row[j] = 5.25
    return row


KINDS = [
    ("normal", lambda k, t: normal(k, 1.5), [1, 2, 3, 8, 10, 16, 17, 33, 64, 65, 131]),
    ("wide", lambda k, t: normal(k, 16), [2, 3, 10, 17, 70]),
    ("very wide", lambda k, t: normal(k, 150), [2, 3, 10, 17, 70]),
    ("confident", raised(30), [2, 10, 17, 70]),
    ("very confident", raised(90), [2, 10, 17, 70]),
    ("wrong", raised(-110), [2, 10, 17, 70]),
    ("shifted up", lambda k, t: normal(k, 1.5, 200), [2, 10, 17, 70]),
    ("shifted down", lambda k, t: normal(k, 1.5, -200), [2, 10, 17, 70]),
    ("far up", lambda k, t: normal(k, 1.5, 60000), [2, 10, 17, 70]),
    ("masked", masked, [3, 10, 17, 70, 131]),
    ("the target at -1e30", target_masked(-1e30), [2, 10, 70]),
    ("the target at -infinity", target_masked(-INF), [2, 10, 70]),
    ("nothing but the target", all_but, [1, 2, 10, 70]),
    ("all -1e30", lambda k, t: [-1e30] * k, [2, 10, 70]),
    ("ties", ties, [3, 10, 17, 70]),
]

cases = []
for name, make, sizes in KINDS:
    for k in sizes:
        for t in sorted({0, k - 1, rng.randrange(k)}):
            row = make(k, t)
            # What float32 makes of the masks is what counts.
            row = [float("-1.0000000150474662e30") if x == -1e30 else x for x in row]
            row = [float("-3.0000000054977558e38") if x == -3.0e38 else x for x in row]
            cases.append({"name": name, "logits": ["-Infinity" if x == -INF else x for x in row], "target": t,
                          **expected(row, t)})

about = {"what": "Rows of logits that float32 holds exactly, the target, and expected values with 25 digits.",
         "made_by": "ref/loss/judge.py (mpmath)"}
lines = ",\n".join(json.dumps(c) for c in cases)
Path(__file__).with_suffix(".json").write_text('{"about": %s,\n"cases": [\n%s\n]}\n' % (json.dumps(about), lines))
print(f"judge.json: {len(cases)} rows")
