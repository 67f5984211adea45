#!/usr/bin/env python3
"""Make cases.json: pairs of models, row by row, and how far they are apart.

Inputs are drawn with a fixed seed. Expected values are computed with mpmath at 50
digits from the exact float64 (or float32) inputs and written with 25. Before
anything is written they are compared with scipy (log_softmax, rel_entr), numpy
(quantile, corrcoef) and statsmodels (standard errors of means, weighted and
clustered).
"""

import json
import random
import warnings
from pathlib import Path

import numpy as np
from mpmath import mp, mpf
from scipy.special import log_softmax, rel_entr
from statsmodels.api import WLS

mp.dps = 50
HERE = Path(__file__).resolve().parent
rng = random.Random(1951)
NINF = float("-inf")

ABOUT = {
    "what": "Pairs of models. model and base hold a value per row and class: float64 numbers that round trip, or "
            "'-Infinity'. Expected values are decimal strings with 25 digits, computed at 50 digits from the exact inputs. "
            "Logarithms are natural.",
    "made_by": "ref/against/cases.py (mpmath; compared with scipy, numpy, statsmodels)",
    "forms": "logits (softmax is to be taken), probs, logprobs; form is the model's, base_form the base's; "
             "dtype float32: every value is a float32",
    "expected": {
        "kl": "of each row: sum p log(p/q) - p + q with p of the base and q of the model, which is KL(base||model) where rows sum to 1",
        "mean": "sum w kl / sum w, and se: sqrt(m/(m-1) sum (a - R b)^2) / sum b with a = w kl, b = w, over rows or clusters",
        "finite_mean": "of the rows where it is finite",
        "quantiles": "of kl, of the shares .5 .9 .95 .99 .999 1: numpy's method inverted_cdf; unweighted cases only",
        "agreement": "mean of c / max(a, b): a and b classes tied at the maximum, c of them in common",
        "more": "mean and se of surprisal(model) - surprisal(base) of the labels",
        "cross_entropy, base_cross_entropy": "mean and se",
        "correlation": "of the surprisals (unweighted cases without clusters)",
        "shift, rms": "mean of q_y - p_y, and root of its mean square",
    },
    "tolerance": "KL: 1e-12 relative + 1e-13 sqrt(KL) absolute in float64; the second is what rounding the logits' differences does",
}


def digits(x):
    if x is None:
        return None
    return "Infinity" if x == mp.inf else mp.nstr(x, 25)


def logs(row, form):
    """Exact log-probabilities of a row."""
    x = [mp.ninf if v == NINF else mpf(v) for v in row]
    if form == "logprobs":
        return x
    if form == "probs":
        return [mp.log(v) if v > 0 else mp.ninf for v in x]
    top = max(x)
    lse = top + mp.log(mp.fsum(mp.exp(v - top) for v in x if v != mp.ninf))
    return [v - lse if v != mp.ninf else v for v in x]


def kl(base, model):
    s = mpf(0)
    for p, q in zip(base, model):
        if p == mp.ninf:
            s += mp.exp(q) if q != mp.ninf else 0
        elif q == mp.ninf:
            return mp.inf
        else:
            s += mp.exp(p) * (p - q) - mp.exp(p) + mp.exp(q)
    return s


def agreement(x, y):
    a = {k for k, v in enumerate(x) if v == max(x)}
    b = {k for k, v in enumerate(y) if v == max(y)}
    return mpf(len(a & b)) / max(len(a), len(b))


def mean(x, w, clusters):
    """The mean, and its standard error, each exact; checked against statsmodels."""
    a, b = [wi * xi for wi, xi in zip(w, x)], list(w)
    if mp.inf in a:
        return mp.inf, None
    R = mp.fsum(a) / mp.fsum(b)
    if clusters:
        keys = sorted(set(clusters))
        a = [mp.fsum(v for v, c in zip(a, clusters) if c == k) for k in keys]
        b = [mp.fsum(v for v, c in zip(b, clusters) if c == k) for k in keys]
    m = len(a)
    se = mp.sqrt(mpf(m) / (m - 1) * mp.fsum((ai - R * bi) ** 2 for ai, bi in zip(a, b))) / mp.fsum(b)
    y = np.array([float(v) for v in x])
    if max(y) > 1e-6 * abs(y).max() > 0:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            groups = np.unique(clusters, return_inverse=True)[1] if clusters else np.arange(len(y))
            fit = WLS(y, np.ones(len(y)), weights=np.array([float(v) for v in w])).fit(
                cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True})
        assert np.isclose(fit.params[0], float(R), rtol=1e-9), (fit.params, R)
        # statsmodels' factor is m/(m-1) (n-1)/(n-k) with k = 1 here: the same.
        assert np.isclose(fit.bse[0], float(se), rtol=1e-7, atol=1e-15 * abs(y).max()), (fit.bse, se)
    return R, se


def case(name, model, base, form="logits", base_form="logits", dtype="float64", labels=True, weights=None, clusters=None):
    n, k = len(model), len(model[0])
    lm, lb = [logs(r, form) for r in model], [logs(r, base_form) for r in base]
    kls = [kl(p, q) for p, q in zip(lb, lm)]
    w = [mpf(v) for v in weights] if weights else [mpf(1)] * n
    y = [rng.randrange(k) for _ in range(n)] if labels else None
    if y:
        for i in range(n):  # possible on both sides
            while min(lm[i][y[i]], lb[i][y[i]]) < -1e29:
                y[i] = rng.randrange(k)
    # scipy, where its subtraction leaves something to compare
    dense = lambda rows, form: (log_softmax(np.array(rows), axis=1) if form == "logits"
                                else np.array(rows) if form == "logprobs" else np.log(np.array(rows)))
    with np.errstate(all="ignore"):
        P, Q = np.exp(dense(base, base_form)), np.exp(dense(model, form))
        theirs = (rel_entr(P, Q) - P + Q).sum(axis=1)
    for a, b in zip(theirs, kls):
        assert b == mp.inf and a == np.inf or b != mp.inf and abs(a - float(b)) <= 1e-13 + 1e-11 * float(b), (name, a, b)
    value, se = mean(kls, w, clusters)
    expected = {"kl": [digits(v) for v in kls], "mean": digits(value), "se": digits(se)}
    finite = [(v, wi) for v, wi in zip(kls, w) if v != mp.inf]
    expected["finite_mean"] = digits(mp.fsum(v * wi for v, wi in finite) / mp.fsum(wi for _, wi in finite))
    expected["agreement"] = digits(mean([agreement(a, b) for a, b in zip(model, base)], w, clusters)[0])
    if not weights:
        # numpy picks the rows; their exact values are ours
        order = sorted(kls)
        at = np.quantile(np.arange(n), [.5, .9, .95, .99, .999, 1], method="inverted_cdf")
        expected["quantiles"] = [digits(order[int(i)]) for i in at]
    if y:
        sm, sb = [0 - lm[i][y[i]] for i in range(n)], [0 - lb[i][y[i]] for i in range(n)]
        d = [a - b for a, b in zip(sm, sb)]
        shift = [mp.exp(-a) - mp.exp(-b) for a, b in zip(sm, sb)]
        for key, x in ("cross_entropy", sm), ("base_cross_entropy", sb), ("more", d), ("shift", shift):
            expected[key] = [digits(v) for v in mean(x, w, clusters)]
        expected["rms"] = digits(mp.sqrt(mean([v * v for v in shift], w, clusters)[0]))
        if not weights and not clusters:
            a, b = mp.fsum(sm) / n, mp.fsum(sb) / n
            r = (mp.fsum((u - a) * (v - b) for u, v in zip(sm, sb))
                 / mp.sqrt(mp.fsum((u - a) ** 2 for u in sm) * mp.fsum((v - b) ** 2 for v in sb)))
            assert np.isclose(float(r), np.corrcoef([float(v) for v in sm], [float(v) for v in sb])[0, 1], rtol=1e-9)
            expected["correlation"] = digits(r)
    text = lambda rows: [["-Infinity" if v == NINF else v for v in r] for r in rows]
    out = {"name": name, "form": form, "base_form": base_form, "dtype": dtype, "model": text(model), "base": text(base)}
    if y:
        out["labels"] = y
    if weights:
        out["weights"] = weights
    if clusters:
        out["clusters"] = clusters
    out["expected"] = expected
    return out


def normal(n, k, scale=4.0, shift=0.0):
    return [[rng.gauss(0, scale) + shift for _ in range(k)] for _ in range(n)]


def near(rows, by, shift=0.0):
    return [[v + rng.gauss(0, by) + shift for v in r] for r in rows]


def f32(rows):
    return [[float(np.float32(v)) for v in r] for r in rows]


def simplex(n, k, alpha):
    out = []
    for _ in range(n):
        g = [rng.gammavariate(alpha, 1) for _ in range(k)]
        out.append([v / sum(g) for v in g])
    return out


def main():
    cases = []
    add = lambda *a, **kw: cases.append(case(*a, **kw))
    b = normal(50, 12)
    add("plain", near(b, 0.5), b)
    add("float32", f32(near(b, 0.5)), f32(b), dtype="float32")
    add("shifted by 200 and -200", near(b, 0.3, 200), near(b, 0, -200))
    add("float32, shifted by 200 and -200", f32(near(b, 0.3, 200)), f32(near(b, 0, -200)), dtype="float32")
    add("far apart", normal(20, 8, 40), normal(20, 8, 40))
    add("so close that KL is some 1e-13", near(b, 1e-6), b)
    add("closer: 1e-21", near(b, 1e-10), b)
    masked, base = near(b, 0.4), [list(r) for r in b]
    for i in range(50):
        for k in rng.sample(range(12), 5):
            masked[i][k] = base[i][k] = -1e30 if i % 2 else NINF
    add("masked", masked, base)
    base2 = [list(r) for r in base]
    for i in range(0, 50, 3):  # possible in the model, not in the base
        base2[i][rng.choice([k for k in range(12) if base2[i][k] > -1e29])] = NINF
    add("more is masked in the base", masked, base2)
    masked2 = [list(r) for r in masked]
    for i in (4, 9, 33):
        masked2[i][rng.choice([k for k in range(12) if masked2[i][k] > -1e29])] = NINF
    add("infinite", masked2, base)
    tied = [[float(rng.randrange(3)) for _ in range(4)] for _ in range(40)]
    add("ties", [[float(rng.randrange(3)) for _ in range(4)] for _ in range(40)], tied)
    p, q = simplex(40, 6, 0.7), simplex(40, 6, 0.7)
    add("probabilities", q, p, form="probs", base_form="probs")
    q = [[v * (1 + 1e-7 * rng.uniform(-1, 1)) for v in r] for r in p]
    add("nearly equal probabilities", [[v / sum(r) for v in r] for r in q], p, form="probs", base_form="probs")
    zeros = [[v if rng.random() < 0.8 else 0.0 for v in r] for r in simplex(40, 6, 1)]
    zeros = [[v / sum(r) for v in r] for r in zeros]
    add("zeros in the base", simplex(40, 6, 1), zeros, form="probs", base_form="probs", labels=False)
    lp = [[float(v) for v in r] for r in log_softmax(np.array(normal(40, 7)), axis=1)]
    lq = [[float(v) for v in r] for r in log_softmax(np.array(near(lp, 0.2)), axis=1)]
    add("log-probabilities", lq, lp, form="logprobs", base_form="logprobs")
    add("logits against probabilities", normal(40, 6, 2), p, base_form="probs")
    add("probabilities against log-probabilities", simplex(40, 7, 1), lp, form="probs", base_form="logprobs")
    add("two classes, clustered", near(normal(1, 2) * 60, 1), normal(60, 2), clusters=[rng.randrange(11) for _ in range(60)])
    add("weighted", near(b, 0.5), b, weights=[rng.uniform(0.1, 3) for _ in range(50)])
    add("weighted and clustered", near(b, 0.5), b, weights=[rng.uniform(0.1, 3) for _ in range(50)],
        clusters=[rng.randrange(9) for _ in range(50)])
    print(json.dumps({"about": ABOUT, "cases": cases}, indent=1).replace("\n    ", " ").replace("\n   ]", "]"))


if __name__ == "__main__":
    main()
