#!/usr/bin/env python3
"""Make estimators.json: entropy estimated from counts, 30 count vectors.

The estimators are written here from their definitions, with exact fractions and
mpmath at 80 digits. Before anything is written they are checked against
entropy_r.json, which holds what R's entropy package gives.

  ml            -sum p log p with p = count/n
  miller_madow  ml + (m - 1)/(2n), m the bins with a count
                (Miller 1955)
  chao_shen     C = 1 - f1/n, f1 the bins with count 1 (f1 = n counts as n - 1);
                a = C p; -sum a log a / (1 - (1 - a)^n)
                (Chao and Shen 2003, as in R's entropy.ChaoShen)
  shrink        lambda = (1 - sum p^2) / ((n - 1) sum (1/K - p)^2), cut to [0, 1],
                1 where the denominator is 0; ml entropy of
                lambda/K + (1 - lambda) p
                (Hausser and Strimmer 2009, as in R's entropy.shrink)
  dirichlet     ml entropy of (count + a)/(n + K a): Jeffreys a = 1/2, Laplace
                a = 1, Schuermann-Grassberger a = 1/K, minimax a = sqrt(n)/K

K is the length of the vector, empty bins included. Nats.
"""

import json
import random
from fractions import Fraction
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 80  # (1 - a)^n loses as many digits as n has
HERE = Path(__file__).resolve().parent
rng = random.Random(1955)


def real(x):
    return mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpf(x)


def plain(ps):
    return -mp.fsum(real(p) * mp.log(real(p)) for p in ps if p)


def ml(c):
    return plain([Fraction(v, sum(c)) for v in c])


def miller_madow(c):
    return ml(c) + real(Fraction(sum(v > 0 for v in c) - 1, 2 * sum(c)))


def chao_shen(c):
    n, f1 = sum(c), sum(v == 1 for v in c)
    if f1 == n:
        f1 = n - 1
    C = 1 - Fraction(f1, n)
    a = [C * Fraction(v, n) for v in c if v]
    return -mp.fsum(real(v) * mp.log(real(v)) / (1 - real(1 - v) ** n) for v in a)


def shrinkage(c):
    n, K = sum(c), len(c)
    p = [Fraction(v, n) for v in c]
    below = (n - 1) * sum((Fraction(1, K) - v) ** 2 for v in p)
    return min(Fraction(1), max(Fraction(0), (1 - sum(v * v for v in p)) / below)) if below else Fraction(1)


def shrink(c):
    n, K, lam = sum(c), len(c), shrinkage(c)
    return plain([lam / K + (1 - lam) * Fraction(v, n) for v in c])


def dirichlet(c, a):
    n, K = sum(c), len(c)
    if isinstance(a, Fraction):
        return plain([(v + a) / (n + K * a) for v in c])
    return plain([(v + a) / (n + K * a) for v in map(mpf, c)])


def estimates(c):
    n, K = sum(c), len(c)
    return {
        "ml": ml(c),
        "miller_madow": miller_madow(c),
        "chao_shen": chao_shen(c),
        "shrink_lambda": real(shrinkage(c)),
        "shrink": shrink(c),
        "jeffreys": dirichlet(c, Fraction(1, 2)),
        "laplace": dirichlet(c, Fraction(1)),
        "schuermann_grassberger": dirichlet(c, Fraction(1, K)),
        "minimax": dirichlet(c, mp.sqrt(n) / K),
        "dirichlet_2.5": dirichlet(c, Fraction(5, 2)),
    }


def vectors():
    yield "R's example", [4, 2, 3, 0, 2, 4, 0, 0, 2, 1, 1]
    yield "one bin", [7]
    yield "one count", [1, 0, 0]
    yield "one bin of three has all", [0, 12, 0]
    yield "two bins", [3, 5]
    yield "uniform: the shrinkage has nothing to divide by", [4, 4, 4, 4]
    yield "every count is 1", [1, 1, 1, 1, 1]
    yield "every count is 0 or 1", [1, 0, 1, 1, 0, 0, 1, 0]
    yield "rolls of a die", [18, 18, 15, 17, 17, 15]
    yield "large counts", [rng.randrange(10**6, 10**8) for _ in range(6)]
    yield "one very rare bin", [10**9, 1]
    for i in range(8):
        yield "small counts", [rng.randint(0, 6) for _ in range(rng.randint(3, 20))] + [2]
    for i in range(6):
        yield "heavy tail", [1 + int(200 / (k + 1)) + rng.randint(0, 3) for k in range(rng.randint(5, 30))]
    for i in range(5):
        K = rng.randint(30, 60)
        yield "sparse", [rng.randint(1, 4) if rng.random() < 0.25 else 0 for _ in range(K)] + [1, 2]


def check_r():
    doc = json.loads((HERE / "entropy_r.json").read_text(encoding="utf-8"))
    for v in doc["vectors"]:
        got = estimates(v["counts"])
        for k, want in v["expected"].items():
            mine = got["ml"] / mp.log(2) if k == "ml_bits" else got[k]
            assert abs(mine - mpf(want)) <= mpf(doc["about"]["tolerance"]), (k, mp.nstr(mine, 20), want)


def main():
    check_r()
    about = {
        "what": "Entropy in nats estimated from counts: K = length of counts. Decimal strings with 25 digits.",
        "made_by": "ref/info/estimators.py (exact fractions and mpmath; checked against entropy_r.json), which states "
                   "each estimator",
        "tolerance": "Allow 1e-13 relative and 1e-15 absolute.",
    }
    cases = [{"name": name, "counts": c, "expected": {k: mp.nstr(v, 25) for k, v in estimates(c).items()}}
             for name, c in vectors()]
    assert len(cases) == 30, len(cases)
    lines = ",\n".join("  " + json.dumps(c) for c in cases)
    out = '{\n "about": ' + json.dumps(about, indent=1).replace("\n", "\n ") + ',\n "cases": [\n' + lines + "\n ]\n}\n"
    (HERE / "estimators.json").write_text(out, encoding="utf-8")
    print(f"estimators.json: {len(cases)} count vectors")


if __name__ == "__main__":
    main()
