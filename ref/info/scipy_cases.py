#!/usr/bin/env python3
"""Make scipy_cases.json: 200 pairs of distributions and the measures between them.

Distributions are correctly rounded quotients of random integers with a fixed
seed, so they are the same on every machine. Expected values are computed with
mpmath at 50 digits from the stored float64 values as they are, without
normalising, and are compared with scipy.stats.entropy and
scipy.spatial.distance.jensenshannon before they are written. Scipy's own values
are written beside them.
"""

import json
import math
import os
import random
from fractions import Fraction
from pathlib import Path

# Scipy's values are stored: pin the vector width, which changes last bits.
os.environ["NPY_DISABLE_CPU_FEATURES"] = (
    "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
)

import numpy as np
from mpmath import mp, mpf
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

mp.dps = 50
HERE = Path(__file__).resolve().parent
rng = random.Random(1951)

ABOUT = {
    "what": "Pairs of distributions and the measures between them, in nats, with entropy and JS distance in base 2 as well.",
    "made_by": "ref/info/scipy_cases.py (mpmath; checked against scipy)",
    "expected": "Decimal strings with 25 digits, computed at 50 digits from the exact float64 p and q as stored, not "
                "normalised (every sum is within 2.5e-15 of 1). Infinity where q is 0 under p. Cross entropy is "
                "-sum p log q. kl is the raw sum p log(p/q), kl_validated the sum p log(p/q) - p + q: they differ by "
                "sum q - sum p. js is the mean of the two sums p log(p/m) with m = (p + q)/2, js_distance its "
                "square root. hellinger is sqrt(sum (sqrt p - sqrt q)^2 / 2), bhattacharyya -log sum sqrt(p q).",
    "tolerance": "Allow 1e-13 relative. For what is a small difference of large parts (kl, kl_validated, js, "
                 "total_variation, bhattacharyya, hellinger) 1e-15 absolute will do as well; js_distance through its "
                 "square. Anything below 1e-300 may be 0. A bhattacharyya below 1e-15, of either sign, is the rounding of "
                 "the stored sums. For p and q bitwise equal kl, kl_validated, js, js_distance, total_variation and "
                 "hellinger are exactly 0.",
    "scipy": "What scipy gives for entropy(p), entropy(p, q), entropy(q, p), jensenshannon(p, q) and its base 2 form. It "
             "divides p and q by their sums first, so it differs in the last digits. null: not a number. Not for "
             "acceptance.",
}


def quotients(counts):
    total = sum(counts)
    return [float(Fraction(c) / total) for c in counts]


def counts(n, top=10**6):
    return [rng.randrange(1, top) for _ in range(n)]


def tiny(n, low):
    return [Fraction(c, 10 ** rng.choice([0, 0, rng.randint(0, low)])) for c in counts(n)]


def some_zero(c, share):
    keep = rng.randrange(len(c))
    return [v if i == keep or rng.random() > share else 0 for i, v in enumerate(c)]


def few(n):
    return [rng.randint(0, 9) for _ in range(n - 1)] + [rng.randint(1, 9)]


def make():
    sizes = [2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12, 15, 16, 20]
    def size(i):
        return sizes[i % len(sizes)]

    for i in range(52):
        n = size(i)
        yield "random", quotients(counts(n)), quotients(counts(n))
    for n in (50, 100, 200):
        yield "random, large", quotients(counts(n, 1000)), quotients(counts(n, 1000))
    for i in range(25):
        n = size(i)
        yield "tiny entries", quotients(tiny(n, 30)), quotients(tiny(n, 30))
    for i in range(10):
        n = size(i + 3)
        yield "tiny entries down to 1e-300", quotients(tiny(n, 300)), quotients(tiny(n, 300))
    for i in range(20):
        n = size(i + 1) + 1
        yield "zeros in p", quotients(some_zero(counts(n), 0.4)), quotients(counts(n))
    for i in range(20):
        n = size(i + 1) + 1
        yield "zeros in q", quotients(counts(n)), quotients(some_zero(counts(n), 0.4))
    for i in range(12):
        n = size(i + 2) + 2
        yield "zeros in both", quotients(some_zero(counts(n), 0.4)), quotients(some_zero(counts(n), 0.4))
    for i in range(6):
        n = size(i + 2) + 2
        c, d = counts(n), counts(n)
        dead = rng.sample(range(n), n // 2)
        c, d = ([0 if k in dead else v for k, v in enumerate(x)] for x in (c, d))
        yield "zeros in the same places", quotients(c), quotients(d)
    for i in range(4):
        n = size(i + 4)
        p = quotients([v if k < n // 2 else 0 for k, v in enumerate(counts(n))])
        q = quotients([v if k >= n // 2 else 0 for k, v in enumerate(counts(n))])
        yield "disjoint", p, q
    for i in range(20):  # relative change of about 10^-3 to 10^-12
        n = size(i)
        c = [v * 10**9 for v in counts(n)]
        step = 10 ** (3 + i % 10)
        d = [v + rng.choice([-1, 1]) * max(1, v // step) for v in c]
        yield "nearly equal", quotients(c), quotients(d)
    for i in range(6):
        p = quotients(counts(size(i * 2)))
        yield "equal", p, list(p)
    for i in range(12):
        n = size(i + 5)
        yield "counts of few", quotients(few(n)), quotients([1] * n)
    yield "one outcome certain in p", [1.0, 0.0, 0.0], [0.5, 0.25, 0.25]
    yield "one outcome certain in q", [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]
    yield "the same outcome certain in both", [0.0, 1.0], [0.0, 1.0]
    yield "a fair die and a loaded one", [1 / 6] * 6, [0.1] * 5 + [0.5]
    yield "a loaded die and a fair one", [0.1] * 5 + [0.5], [1 / 6] * 6
    yield "rolls of a die and a fair one", [0.18, 0.18, 0.15, 0.17, 0.17, 0.15], [1 / 6] * 6
    yield "rolls of a die and a loaded one", [0.18, 0.18, 0.15, 0.17, 0.17, 0.15], [0.1] * 5 + [0.5]
    yield "nearly certain and fair", [0.01] * 5 + [0.95], [1 / 6] * 6
    yield "scipy's documentation", [0.5, 0.5], [0.9, 0.1]
    yield "nothing but a subnormal beside a certainty", [1.0, 5e-324], [0.5, 0.5]


def measure(p, q):
    P, Q = [mpf(v) for v in p], [mpf(v) for v in q]
    log, total = mp.log, mp.fsum
    inf = any(a and not b for a, b in zip(P, Q))
    fni = any(b and not a for a, b in zip(P, Q))

    def h(x):
        return -total(a * log(a) for a in x if a)

    def cross(x, y):
        return -total(a * log(b) for a, b in zip(x, y) if a)

    def kl(x, y):
        return total(a * log(a / b) for a, b in zip(x, y) if a)

    M = [(a + b) / 2 for a, b in zip(P, Q)]
    js = (kl(P, M) + kl(Q, M)) / 2
    assert js >= 0, js
    bc = total(mp.sqrt(a * b) for a, b in zip(P, Q))
    gap = total(Q) - total(P)
    value = {
        "entropy_p": h(P),
        "entropy_q": h(Q),
        "entropy_p_base2": h(P) / log(2),
        "cross_entropy": mp.inf if inf else cross(P, Q),
        "cross_entropy_reverse": mp.inf if fni else cross(Q, P),
        "kl": mp.inf if inf else kl(P, Q),
        "kl_reverse": mp.inf if fni else kl(Q, P),
        "kl_validated": mp.inf if inf else kl(P, Q) + gap,
        "kl_validated_reverse": mp.inf if fni else kl(Q, P) - gap,
        "js": js,
        "js_distance": mp.sqrt(max(js, mpf(0))),
        "js_distance_base2": mp.sqrt(max(js, mpf(0)) / log(2)),
        "total_variation": total(abs(a - b) for a, b in zip(P, Q)) / 2,
        "hellinger": mp.sqrt(total((mp.sqrt(a) - mp.sqrt(b)) ** 2 for a, b in zip(P, Q)) / 2),
        "bhattacharyya": -log(bc) if bc else mp.inf,
    }
    if p == q:
        for k in ("kl", "kl_reverse", "kl_validated", "kl_validated_reverse", "js"):
            assert value[k] == 0
    return value


def text(x):
    return "Infinity" if x == mp.inf else mp.nstr(x, 25)


def plain(x):
    x = float(x)
    return None if math.isnan(x) else "Infinity" if math.isinf(x) else x


def compare(name, v, p, q):
    """Scipy's values, checked against ours wherever they are sound."""
    with np.errstate(all="ignore"):
        got = {
            "entropy_p": entropy(p),
            "kl": entropy(p, q),
            "kl_reverse": entropy(q, p),
            "js_distance": jensenshannon(p, q),
            "js_distance_base2": jensenshannon(p, q, base=2),
        }
        assert abs(mpf(float(entropy(p, base=2))) - v["entropy_p_base2"]) < 1e-9
    # Scipy forms p/q, which overflows when the smaller one is near the end of the range.
    overflows = any(0 < min(a, b) < 1e-307 for a, b in zip(p, q))
    for k, x in got.items():
        x, want = float(x), v[k]
        if k.startswith("js"):
            # Compare squares: near 0 scipy takes the root of a rounding error, or of a
            # negative one, which gives no number.
            assert math.isnan(x) and want**2 < 1e-15 or abs(mpf(x) ** 2 - want**2) < 1e-15, (name, k, x)
            continue
        if x == math.inf and overflows:
            continue
        assert x == want or abs(mpf(x) - want) <= 1e-9 * max(1, abs(want)), (name, k, x, text(want))
    for x, y, k in ((p, q, "cross_entropy"), (q, p, "cross_entropy_reverse")):
        both = float(entropy(x)) + float(entropy(x, y))
        if both == math.inf and overflows:
            continue
        assert both == v[k] or abs(both - v[k]) < 1e-9 * max(1, abs(v[k])), (name, k)
    return {k: plain(x) for k, x in got.items()}


def main():
    cases = []
    for i, (kind, p, q) in enumerate(make()):
        for x in (p, q):
            assert abs(sum(map(Fraction, x)) - 1) < 2.5e-15, (kind, float(sum(map(Fraction, x)) - 1))
        v = measure(p, q)
        cases.append({"id": i, "kind": kind, "p": p, "q": q, "expected": {k: text(x) for k, x in v.items()},
                      "scipy": compare(kind, v, p, q)})
    assert len(cases) == 200, len(cases)
    lines = ",\n".join("  " + json.dumps(c) for c in cases)
    out = '{\n "about": ' + json.dumps(ABOUT, indent=1).replace("\n", "\n ") + ',\n "cases": [\n' + lines + "\n ]\n}\n"
    assert json.loads(out)["cases"] == cases
    (HERE / "scipy_cases.json").write_text(out, encoding="utf-8")
    print(f"scipy_cases.json: {len(cases)} cases, {len(out)} bytes")


if __name__ == "__main__":
    main()
