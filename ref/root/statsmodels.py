"""Writes statsmodels.json: weighted means with robust and clustered errors.

Each case has per-row surprisals s, weights w and cluster numbers g. The mean is
that of statsmodels' WLS of s on a constant with weights w, and its error the
one of HC1 (rows) or of cov_type='cluster' with its default small-sample
correction. HC1 is n/(n-k) times the sandwich with k = 1 parameter, and the
cluster correction is G/(G-1)·(n-1)/(n-k), which for k = 1 is G/(G-1): both are
m/(m-1) with m rows or clusters, the factor of package surprisal.

The intervals use Student's t with m-1 degrees of freedom (use_t), which
statsmodels takes for HC1 on request and for clusters by default with use_t.

    /usr/bin/python3 ref/root/statsmodels.py > ref/root/statsmodels.json
"""
import json
import sys

sys.path.pop(0)  # or this file would be what "import statsmodels" finds

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm

rng = np.random.default_rng(20260)
cases = []


def case(name, s, w, g, confidence):
    s, w, g = np.asarray(s, float), np.asarray(w, float), np.asarray(g, int)
    model = sm.WLS(s, np.ones_like(s), weights=w)
    rows = model.fit(cov_type="HC1", use_t=True)
    groups = model.fit(cov_type="cluster", cov_kwds={"groups": g}, use_t=True)
    alpha = 1 - confidence
    lo, hi = rows.conf_int(alpha)[0]
    clo, chi = groups.conf_int(alpha)[0]
    cases.append({
        "name": name, "confidence": confidence,
        "s": [float(x).hex() for x in s], "w": [float(x).hex() for x in w], "g": g.tolist(),
        "mean": float(rows.params[0]).hex(),
        "rows": {"m": len(s), "se": float(rows.bse[0]).hex(), "lo": float(lo).hex(), "hi": float(hi).hex()},
        "clusters": {"m": len(set(g.tolist())), "se": float(groups.bse[0]).hex(), "lo": float(clo).hex(), "hi": float(chi).hex()},
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
    case(f"weights over six decades, n={n}", rng.exponential(size=n), 10 ** rng.uniform(-3, 3, size=n), g, 0.95)
    case(f"two clusters, n={n}", rng.exponential(size=n), rng.uniform(0.5, 2, size=n), np.arange(n) % 2, 0.5)

json.dump({"statsmodels": statsmodels.__version__, "numpy": np.__version__, "scipy": scipy.__version__, "cases": cases},
          sys.stdout, indent=1)
print()
