"""Writes statsmodels.json: weighted means with robust and clustered errors.

Each case has per-row surprisals s, weights w and cluster numbers g. The mean is
that of statsmodels' WLS of s on a constant with weights w, and its error the
one of HC1 (rows) or of cov_type='cluster' with its default small-sample
correction. HC1 is n/(n-k) times the sandwich with k = 1 parameter, and the
cluster correction is G/(G-1)·(n-1)/(n-k), which for k = 1 is G/(G-1): both are
m/(m-1) with m rows or clusters, the factor of package surprisal.

The intervals use Student's t with m-1 degrees of freedom (use_t), which
statsmodels takes for HC1 on request and for clusters by default with use_t.

The last digits of statsmodels depend on the processor, through NumPy and BLAS. So
what is written is the same sandwich worked out by mpmath with 50 digits, after
statsmodels has been seen to agree: the mean and the errors within 1e-12, the
intervals within 1e-10 of their width, with scipy's quantiles of t in both.

    /usr/bin/python3 ref/root/statsmodels.py > ref/root/statsmodels.json
"""
import json
import sys

sys.path.pop(0)  # or this file would be what "import statsmodels" finds

import math

import numpy as np
import scipy
import scipy.stats
import statsmodels
import statsmodels.api as sm
from mpmath import mp, mpf

mp.dps = 50

rng = np.random.default_rng(20260)
cases = []


def sandwich(s, w, groups):
    """The weighted mean of s, and its error from the sums of each group of rows."""
    total = mp.fsum(map(mpf, w))
    mean = mp.fsum(mpf(x) * mpf(v) for x, v in zip(s, w)) / total
    sums = {}
    for x, v, g in zip(s, w, groups):
        sums[g] = sums.get(g, 0) + mpf(v) * (mpf(x) - mean)
    m = len(sums)
    return mean, mp.sqrt(mpf(m) / (m - 1) * mp.fsum(u * u for u in sums.values())) / total, m


def checked(what, s, w, groups, fit, confidence):
    """The figures of a fit by statsmodels, to more digits."""
    mean, se, m = sandwich(s, w, groups)
    half = mpf(float(scipy.stats.t.isf((1 - confidence) / 2, m - 1))) * se
    lo, hi = fit.conf_int(1 - confidence)[0]
    size = abs(mean) + se
    for name, got, want, tolerance in (
            ("mean", fit.params[0], mean, 1e-12 * size), ("error", fit.bse[0], se, 1e-12 * size),
            ("lower end", lo, mean - half, 1e-10 * (size + half)), ("upper end", hi, mean + half, 1e-10 * (size + half))):
        if not abs(mpf(float(got)) - want) <= tolerance:
            raise ArithmeticError(f"{what}: {name} {got!r}, worked out {want}")
    return mean, {"m": m, "se": float(se).hex(), "lo": float(mean - half).hex(), "hi": float(mean + half).hex()}


def case(name, s, w, g, confidence):
    s, w, g = np.asarray(s, float), np.asarray(w, float), np.asarray(g, int)
    model = sm.WLS(s, np.ones_like(s), weights=w)
    rows = model.fit(cov_type="HC1", use_t=True)
    groups = model.fit(cov_type="cluster", cov_kwds={"groups": g}, use_t=True)
    s, w, g = s.tolist(), w.tolist(), g.tolist()
    mean, by_row = checked(name + ", rows", s, w, range(len(s)), rows, confidence)
    _, by_cluster = checked(name + ", clusters", s, w, g, groups, confidence)
    cases.append({
        "name": name, "confidence": confidence,
        "s": [x.hex() for x in s], "w": [x.hex() for x in w], "g": g,
        "mean": float(mean).hex(), "rows": by_row, "clusters": by_cluster,
    })


for n in (2, 3, 5, 10, 40, 150):
    g = np.arange(n) % max(2, n // 4)
    case(f"unweighted exponential, n={n}", rng.exponential(size=n), np.ones(n), g, 0.95)
    case(f"weighted exponential, n={n}", rng.exponential(size=n), rng.exponential(size=n) + 0.01, g, 0.9)
    case(f"whole weights, n={n}", rng.gamma(0.5, 2, size=n), rng.integers(1, 9, size=n), g, 0.99)
for n in (8, 60):
    g = rng.integers(0, 4, size=n)
    g[:4] = [0, 1, 2, 3]
    effect = rng.normal(size=4)
    case(f"correlated within clusters, n={n}", 3 + effect[g] + 0.1 * rng.normal(size=n), rng.uniform(0.5, 2, size=n), g, 0.95)
    case(f"negative surprisals of densities, n={n}", rng.normal(size=n) - 1, rng.uniform(0.5, 2, size=n), g, 0.8)
    case(f"weights over six decades, n={n}", rng.exponential(size=n), [math.pow(10, x) for x in rng.uniform(-3, 3, size=n)], g, 0.95)
    case(f"two clusters, n={n}", rng.exponential(size=n), rng.uniform(0.5, 2, size=n), np.arange(n) % 2, 0.5)

json.dump({"statsmodels": statsmodels.__version__, "numpy": np.__version__, "scipy": scipy.__version__, "cases": cases},
          sys.stdout, indent=1)
print()
