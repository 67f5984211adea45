"""Writes tquantile.json: the t with P(|T| <= t) = confidence, T Student with df.

By mpmath with 30 to 40 digits: the tail P(|T| > t) is the regularised incomplete beta
function I_x(df/2, 1/2) at x = df/(df+t²), or, where that converges slowly, an
integral of the density; t is found from scipy's quantile by
Newton's method in log tail. scipy's own value stands beside it, as a check.

    /usr/bin/python3 ref/root/tquantile.py > ref/root/tquantile.json
"""
import json
import sys

import mpmath
import scipy
import scipy.stats
from mpmath import mp, mpf

mp.dps = 40


def density(t, df):
    return mpmath.exp(mpmath.loggamma((df + 1) / 2) - mpmath.loggamma(df / 2)
                      - (df + 1) / 2 * mpmath.log1p(t * t / df)) / mpmath.sqrt(df * mpmath.pi)


def tail(t, df):
    """P(|T| > t)."""
    with mpmath.workdps(30):
        if df <= 200:
            return mpmath.betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True)
        s = mpf(1) / max(t, 1)
        points = [t, t + s, t + 3 * s, t + 8 * s, t + 20 * s, t + 60 * s, mpmath.inf]
        return 2 * mpmath.quad(lambda u: density(u, df), points)


def quantile(df, confidence):
    alpha = 1 - mpf(confidence)  # exactly
    t = mpf(scipy.stats.t.isf(float(alpha) / 2, float(df)))
    df = mpf(df)
    for _ in range(6):
        a = tail(t, df)
        # Newton on log tail over log t, nearly a line for small df and tails.
        step = mpmath.log(a / alpha) * a / (2 * density(t, df) * t)
        t *= mpmath.exp(step)
        if abs(step) < mpf(10) ** -17:
            return t
    raise ArithmeticError((df, confidence, step))


dfs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 19, 20, 29, 30, 49, 50, 63, 99, 100, 199, 200, 254, 500, 999, 1000,
       2000, 3000, 4999, 5000, 5001, 9999, 10000, 30000, 10**5, 10**6, 10**7, 10**9]
confidences = [1e-6, 0.01, 0.1, 0.5, 0.68, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.999999, 1 - 2**-40]
rows = []
for df in dfs:
    for c in confidences:
        t = quantile(df, c)
        rows.append({"df": df, "confidence": float(c).hex(), "t": float(t).hex(),
                     "scipy": float(scipy.stats.t.isf((1 - c) / 2, df)).hex()})
json.dump({"mpmath": mpmath.__version__, "scipy": scipy.__version__, "rows": rows}, sys.stdout, indent=0)
print()
