#!/usr/bin/env python3
"""Print bits.json: the bits of logarithms, exponentials, divergences and exact sums.

Log, Exp and the terms of divergences of internal/kernel promise the same bits on
every platform. Here their definitions are carried out step by step in exact fractions, each step rounded once,
with the constants read from the Go source: what no compiler can have fused or left
unfused by accident. mpmath, at 50 digits, says that they are right: within 1 and 1.1
units in the last place, and the terms within 1e-15 and 2e-15. Sums are exact fractions, rounded once.
"""

import json
import random
import re
import struct
from fractions import Fraction as F
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 50
HERE = Path(__file__).resolve().parent
KERNEL = HERE.parents[1] / "internal" / "kernel"
rng = random.Random(7)

HEX = r"-?0x[0-9a-f.]+p[+-]?\d+"


def constants(name):
    source = (KERNEL / name).read_text()
    return {k: float.fromhex(v) for k, v in re.findall(r"^\t(\w+)\s*=\s*(" + HEX + r")$", source, re.M)}


C = {**constants("log.go"), **constants("judge64.go")}
TABLE = [[float.fromhex(x) for x in row.split(",")] for row in
         re.findall(r"^\t\{([^{}]+)\},$", (KERNEL / "log.go").read_text(), re.M)]
assert len(TABLE) == 16 and len(C) == 20, (len(TABLE), sorted(C))


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def unbits(u):
    return struct.unpack("<d", struct.pack("<Q", u & (1 << 64) - 1))[0]


def fma(a, b, c):
    exact = F(a) * F(b) + F(c)
    return float(exact)


OFFSET = 0x3FF0000000000000 - (6 << 48) - (1 << 47)


def log(x):
    u, k = bits(x), 0.0
    if x < 2.2250738585072014e-308:
        u, k = bits(x * 2.0**52), -52.0
    t = (u - OFFSET) & (1 << 64) - 1
    signed = t - (1 << 64) if t >> 63 else t
    k += float(signed >> 52)
    z = unbits(u - (t & (0xFFF << 52)))
    c = TABLE[t >> 48 & 15]
    r = fma(z, c[0], -1.0)
    hi = k * C["ln2Hi"] + c[1]
    w = hi + r
    lo = ((hi - w) + r) + fma(k, C["ln2Lo"], c[2])
    r2 = r * r
    p01 = fma(r, C["log1"], C["log0"])
    p23 = fma(r, C["log3"], C["log2"])
    p45 = fma(r, C["log5"], C["log4"])
    p67 = fma(r, C["log7"], C["log6"])
    p = fma(r2, fma(r2, fma(r2, p67, p45), p23), p01)
    return w + fma(r2, fma(r, p, -0.5), lo)


LOG2E = 1.4426950408889634


def exp(x):
    t = fma(x, LOG2E, 6755399441055744.0)
    n = t - 6755399441055744.0
    r = fma(n, -C["ln2Lo"], fma(n, -C["ln2Hi"], x))
    f = [C["fine%d" % i] for i in range(2, 12)]
    r2 = r * r
    r4 = r2 * r2
    p0 = fma(r2, fma(r, f[3], f[2]), fma(r, f[1], f[0]))
    p4 = fma(r2, fma(r, f[7], f[6]), fma(r, f[5], f[4]))
    p = fma(r4, fma(r4, fma(r, f[9], f[8]), p4), p0)
    e = 1 + fma(r2, p, r)
    return unbits(bits(e) + (bits(t) << 52))


RATIO = (KERNEL / "ratio.go").read_text()


def polynomial(name):
    """The coefficients in the body of a function, the highest first, and 1 if that is last."""
    body = RATIO[RATIO.index("func " + name):]
    body = body[:body.index("\n}")]
    c = [float.fromhex(v) * (-1 if sign else 1) for sign, v in re.findall(r"(- )?(0x[0-9a-f.]+p[+-]?\d+)", body)]
    return c + [1.0] if body.endswith("+ 1") else c


ATANH, MIDDLE = polynomial("atanhTail"), polynomial("middleTail")
assert len(ATANH) == 11 and len(MIDDLE) == 14


def horner(c, x):
    s = c[0]
    for v in c[1:]:
        s = s * x + v
    return s


def log1p(z):
    """None where the kernels leave it to others."""
    if not 1e-285 < z < 1e300:
        return None
    u = 1 + z
    return log(u) + (z - (u - 1)) / u


def log_ratio(p, q):
    z = abs(p - q) / min(p, q)
    w = log1p(z)
    if w is None:
        if z > 1e-285:
            return log(p) - log(q)
        w = z
    return w if p >= q else -w


def kl(p, q):
    d = q - p
    if abs(d) / min(p, q) <= 1:
        s = d / p
        s /= 2 + s
        s2 = s * s
        return s * (d - p * (2 * s2 * horner(ATANH, s2)))
    return max(0.0, p * log_ratio(p, q) + d)


def middle(p, q):
    t, m, lo, hi = p + q, abs(p - q), min(p, q), max(p, q)
    d = m / t
    if d <= 0.5:
        d2 = d * d
        return t * (d2 * horner(MIDDLE, d2)) / 4
    w = log1p(m / lo / 2)
    if w is None:
        w = log(t / 2) - log(lo)
    return (hi * log1p(d) - lo * w) / 2


def within(got, want, ulps):
    w = float(want)
    spacing = unbits(bits(abs(w)) + 1) - abs(w)
    assert abs(mpf(got) - want) <= ulps * mpf(spacing), (got, want)


logs, exps, sums = [], [], []
xs = [1.0, 0.5, 2.0, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, 0.1, 1 - 2.0**-53, 1 + 2.0**-52]
for _ in range(120):
    xs += [rng.random(), 1 - rng.random() * 2.0 ** rng.randint(-50, 0), rng.random() * 2.0 ** rng.randint(-1070, 1000)]
for x in xs:
    if x > 0:
        y = log(x)
        within(y, mp.log(mpf(x)), 1)
        logs.append([x.hex(), y.hex()])
xs = [0.0, 1.0, -1.0, -708.0, 709.0, -1e-17, 0.34657359027997264, -0.34657359027997264]
for _ in range(120):
    xs += [rng.uniform(-708, 709), -rng.random() * 2.0 ** rng.randint(-30, 5), rng.gauss(0, 1)]
for x in xs:
    y = exp(x)
    within(y, mp.exp(mpf(x)), mpf("1.1"))
    exps.append([x.hex(), y.hex()])
for n in [1, 2, 3, 10, 150]:
    for spread in [0, 10, 60, 900]:
        v = [rng.choice([-1, 1, 1]) * rng.random() * 2.0 ** rng.randint(-spread, spread) for _ in range(n)]
        p = [unbits(bits(rng.random()) | 1) for _ in range(n)]
        nats = [F(0) - F(log(x)) for x in p]
        sums.append({"x": [x.hex() for x in v], "sum": float(sum(map(F, v))).hex(), "p": [x.hex() for x in p],
                     "mean": float(sum(nats) / n).hex()})

divergences = []
pairs = [(1.0, 5e-324), (5e-324, 1.0), (0.5, 0.5), (0.25, 0.5), (0.5, 0.25), (0.75, 0.25), (0.25, 0.75), (1e-310, 2e-310), (1.0, 1 + 2.0**-52)]
for _ in range(60):
    p = rng.random()
    pairs += [(p, rng.random()), (p, p * (1 + rng.random() * 2.0 ** rng.randint(-50, 0))), (p * 2.0 ** rng.randint(-600, 0), rng.random()),
              (rng.random(), p * 2.0 ** rng.randint(-600, 0))]
for p, q in pairs:
    row = [p, q, p * log_ratio(p, q), kl(p, q), middle(p, q)]
    a, b = mpf(p), mpf(q)
    m = (a + b) / 2
    for got, want, tolerance in zip(row[2:], [a * mp.log(a / b), a * mp.log(a / b) - a + b, (a * mp.log(a / m) + b * mp.log(b / m)) / 2], [6e-16, 1e-15, 2e-15]):
        assert abs(mpf(got) - want) <= tolerance * abs(want) + mpf(5e-324), (p, q, got, want)
    divergences.append([x.hex() for x in row])

out = {"about": {"what": "Hexadecimal floats. log and exp: argument and result, by the definitions in internal/kernel carried out "
                         "in exact fractions. sums: sum is the sum of x, and mean that of -log p, each exact and rounded once. "
                         "divergences: p, q, p·log(p/q), p·log(p/q) - p + q, and the term of the Jensen-Shannon divergence, in the same way.",
                 "made_by": "ref/kernel/bits.py (fractions; mpmath says that log is within 1 and exp within 1.1 ulp, the terms within 1e-15 and 2e-15)"},
       "log": logs, "exp": exps, "sums": sums, "divergences": divergences}
print("{" + ",\n".join('%s: %s' % (json.dumps(k), json.dumps(v)) for k, v in out.items()) + "}")
