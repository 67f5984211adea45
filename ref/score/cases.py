#!/usr/bin/env python3
"""Make cases.json: 50 scoring cases and what they must give.

Inputs are drawn with a fixed seed in integers and fractions, so they are the
same on every machine. Expected values are computed with mpmath at 50 digits
from the exact float64 inputs and written with 25. Before anything is written
they are compared with scikit-learn (log_loss, where every probability of what
happened is at least 1e-15), scipy (log_softmax, sem, entropy) and statsmodels
(standard errors, through the cluster-robust variance of a weighted mean), and
published.json, which is written by hand, is recomputed as well.
"""

import json
import random
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from mpmath import mp, mpf
from scipy.special import log_softmax
from scipy.stats import entropy, sem
from sklearn.metrics import log_loss
from statsmodels.api import WLS

mp.dps = 50
HERE = Path(__file__).resolve().parent
rng = random.Random(1948)

ABOUT = {
    "what": "Scoring cases. Inputs are float64 (numbers that round trip); expected values are decimal strings "
            "with 25 digits, computed at 50 digits from the exact inputs. Logarithms are natural.",
    "made_by": "ref/score/cases.py (mpmath; checked against scikit-learn, scipy, statsmodels)",
    "tolerance": "Expected values are exact for the stored inputs. float64 code should reach 1e-13 relative; "
                 "skill and explained are differences, so allow 1e-13 absolute there.",
    "forms": {
        "probabilities": "probs[row][class]; labels are class names if classes is given, else indices from 0",
        "positive": "probs[row] is the probability of `positive` (or of label 1); the rest, 1 - p taken exactly, "
                    "is that of `negative` (label 0)",
        "soft": "probs[row][class] and labels[row][class], the label's own distribution",
        "logits": "logits[row][class], softmax to be taken; dtype float32: every value is a float32",
        "logprobs": "logprobs[row][class], natural logarithms, scored as stored",
        "surprisals": "nats[row] of what happened and tokens[row], how many tokens that was",
    },
    "optional": {
        "weights": "sampling weights, one per row",
        "freq": "whole repeats, one per row: everything is as if the row stood there that many times",
        "clusters": "the cluster of each row",
    },
    "expected": {
        "rows": "rows, repeats counted",
        "weight": "sum w",
        "effective_n": "(sum w)^2 / sum w^2",
        "cross_entropy": "sum w s / sum w, s = -log(probability of what happened); soft: s = sum y (-log p)",
        "nll": "sum w s",
        "perplexity": "exp(cross_entropy)",
        "se": "sqrt(m/(m-1) sum (a - R b)^2) / sum b with R = sum a / sum b, a = w s, b = w over m rows, or their "
              "sums over m clusters; null for m = 1",
        "per_token": "the same with a = s, b = tokens",
        "base_rate_entropy": "entropy of the weighted class shares (soft: of the weighted mean label)",
        "skill": "1 - cross_entropy / base_rate_entropy; null for one class",
        "accuracy": "weighted; a t-way tie at the maximum that includes the label counts 1/t",
        "brier": "weighted; K = 2: (p - y)^2 (such rows sum to 1 to the last bits, so either column will do); "
                 "K > 2: sum over classes",
        "classes": "for each class that occurs: repeats counted, and the weighted mean of s",
        "label_entropy": "soft: sum w H(y) / sum w",
        "kl": "soft: cross_entropy - label_entropy",
        "explained": "soft: (base_rate_entropy - cross_entropy) / (base_rate_entropy - label_entropy)",
    },
}


def digits(x):
    return None if x is None else mp.nstr(x, 25)


def simplex(k, tiny=0, decimals=None):
    """k probabilities, the correctly rounded quotients of random fractions. Up to
    `tiny` decimal exponents are taken off some entries."""
    raw = [Fraction(rng.randrange(1, 10**6), 10 ** rng.choice([0, 0, 1, rng.randint(0, tiny)]))
           for _ in range(k)]
    total = sum(raw)
    p = [float(r / total) for r in raw]
    if decimals:
        p = [round(v, decimals) for v in p]
    assert abs(sum(map(Fraction, p)) - 1) <= 1e-6
    return p


def draw(p):
    u, acc = rng.random() * sum(p), 0.0
    for k, v in enumerate(p):
        acc += v
        if u < acc and v > 0:
            return k
    return max(range(len(p)), key=p.__getitem__)


NAMES = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay",
         "kite", "lynx", "mole", "newt", "owl", "pig", "quail", "rat", "seal", "toad"]


def extras(case, n, use):
    if "w" in use:
        case["weights"] = [rng.randrange(1, 4000) / 1000 for _ in range(n)]
    if "f" in use:
        case["freq"] = [rng.randint(1, 5) for _ in range(n)]
    if "c" in use:
        groups = max(2, n // 4)
        case["clusters"] = [f"g{rng.randrange(groups)}" for _ in range(n - 2)] + ["g0", "g1"]
    return case


def ratio_se(rows):
    """rows: (a, b, repeats, cluster or None) -> R, SE."""
    A = mp.fsum(a * f for a, b, f, c in rows)
    B = mp.fsum(b * f for a, b, f, c in rows)
    R = A / B
    if rows[0][3] is None:
        units = [(a, b, f) for a, b, f, c in rows]
    else:
        sums = {}
        for a, b, f, c in rows:
            x, y = sums.get(c, (mpf(0), mpf(0)))
            sums[c] = (x + a * f, y + b * f)
        units = [(x, y, 1) for x, y in sums.values()]
    m = sum(f for a, b, f in units)
    if m == 1:
        return R, None
    ss = mp.fsum(f * (a - R * b) ** 2 for a, b, f in units)
    return R, mp.sqrt(mpf(m) / (m - 1) * ss) / B


def check_se(rows, R, se):
    """The same by statsmodels: cluster-robust standard error of a weighted mean."""
    if se is None:
        return
    a, b, g = [], [], []
    for i, (x, y, f, c) in enumerate(rows):
        for j in range(f):
            a.append(float(x)), b.append(float(y)), g.append((i, j) if c is None else c)
    a, b = np.array(a), np.array(b)
    ids = {v: i for i, v in enumerate(dict.fromkeys(g))}
    fit = WLS(a / b, np.ones(len(a)), weights=b).fit(
        cov_type="cluster", cov_kwds={"groups": np.array([ids[v] for v in g])})
    close(fit.params[0], R, 1e-10)
    close(fit.bse[0], se, 1e-8)
    if rows[0][3] is None and len(set(b)) == 1:
        close(sem(a / b), se, 1e-8)


def close(got, want, tol):
    assert abs(mpf(float(got)) - want) <= tol * max(1, abs(want)), (float(got), digits(want))


def xlogx(v):
    return v * mp.log(v) if v else mpf(0)


def solve(case):
    """The expected values of a case, and the checks against other programs."""
    form = case["form"]
    if form == "surprisals":
        S = [mpf(v) for v in case["nats"]]
    n = len(case["nats"] if form == "surprisals" else case["labels"])
    W = [mpf(v) for v in case.get("weights", [1] * n)]
    F = case.get("freq", [1] * n)
    C = case.get("clusters", [None] * n)
    P = Y = None
    if form in ("probabilities", "soft"):
        P = [[mpf(v) for v in row] for row in case["probs"]]
    elif form == "positive":
        P = [[1 - mpf(v), mpf(v)] for v in case["probs"]]
    elif form == "logprobs":
        P = [[mp.exp(mpf(v)) for v in row] for row in case["logprobs"]]
    elif form == "logits":
        P = []
        for row in case["logits"]:
            e = [mp.exp(mpf(v)) for v in row]
            t = mp.fsum(e)
            P.append([v / t for v in e])
    if form == "soft":
        Y = [[mpf(v) for v in row] for row in case["labels"]]
        S = [-mp.fsum(y * mp.log(p) for y, p in zip(ys, ps) if y) for ys, ps in zip(Y, P)]
    elif form != "surprisals":
        names = case.get("classes")
        if form == "positive":
            names = [case["negative"], case["positive"]] if "positive" in case else None
        L = [names.index(v) if names else v for v in case["labels"]]
        S = [-mp.log(p[k]) for p, k in zip(P, L)]
        if form == "logprobs":
            S = [-mpf(row[k]) for row, k in zip(case["logprobs"], L)]

    rows = [(w * s, w, f, c) for w, s, f, c in zip(W, S, F, C)]
    R, se = ratio_se(rows)
    check_se(rows, R, se)
    weight = mp.fsum(w * f for w, f in zip(W, F))
    out = {
        "rows": sum(F),
        "weight": digits(weight),
        "effective_n": digits(weight**2 / mp.fsum(w * w * f for w, f in zip(W, F))),
        "cross_entropy": digits(R),
        "nll": digits(mp.fsum(a * f for a, b, f, c in rows)),
        "perplexity": digits(mp.exp(R)),
        "se": digits(se),
    }
    assert R < 700
    if form == "surprisals":
        rows = [(s, mpf(t), f, c) for s, t, f, c in zip(S, case["tokens"], F, C)]
        T, tse = ratio_se(rows)
        check_se(rows, T, tse)
        out["tokens"] = sum(t * f for t, f in zip(case["tokens"], F))
        out["per_token"] = {"value": digits(T), "se": digits(tse), "perplexity": digits(mp.exp(T)),
                            "bits": digits(T / mp.log(2))}
        return out

    K = len(P[0])
    if Y is None:
        Y = [[mpf(int(k == c)) for k in range(K)] for c in L]
    share = [mp.fsum(w * f * y[k] for w, f, y in zip(W, F, Y)) / weight for k in range(K)]
    base = -mp.fsum(xlogx(v) for v in share)
    close(entropy([float(v) for v in share]), base, 1e-12)
    out["base_rate_entropy"] = digits(base)
    out["skill"] = digits(1 - R / base) if base else None
    check_log_loss(case, P, Y, [w * f for w, f in zip(W, F)], R, S)
    if form == "soft":
        h = mp.fsum(-w * f * xlogx(v) for w, f, y in zip(W, F, Y) for v in y) / weight
        out["label_entropy"] = digits(h)
        out["kl"] = digits(R - h)
        out["explained"] = digits((base - R) / (base - h))
        return out

    mean = lambda values: mp.fsum(w * f * v for w, f, v in zip(W, F, values)) / weight
    score = {"logits": case.get("logits"), "logprobs": case.get("logprobs")}.get(form) or P
    hits = []
    for z, k in zip(score, L):
        best = [j for j in range(K) if z[j] == max(z)]
        hits.append(mpf(1) / len(best) if k in best else mpf(0))
    out["accuracy"] = digits(mean(hits))
    if K == 2:
        out["brier"] = digits(mean([(p[1] - y[1]) ** 2 for p, y in zip(P, Y)]))
        other = mean([(p[0] - y[0]) ** 2 for p, y in zip(P, Y)])
        assert abs(other - mpf(out["brier"])) < 1e-15
    else:
        out["brier"] = digits(mean([mp.fsum((a - b) ** 2 for a, b in zip(p, y)) for p, y in zip(P, Y)]))
    out["classes"] = {}
    for k in range(K):
        mine = [(w * f, s, f) for w, f, s, c in zip(W, F, S, L) if c == k]
        if mine:
            out["classes"][str(names[k] if names else k)] = {
                "rows": sum(f for w, s, f in mine),
                "cross_entropy": digits(mp.fsum(w * s for w, s, f in mine) / mp.fsum(w for w, s, f in mine)),
            }
    return out


def check_log_loss(case, P, Y, W, R, S):
    """scikit-learn raises small probabilities and divides rows by their sum: compare
    where the first does nothing, with the second done to ours as well."""
    if case["form"] == "logits":
        z = np.array(case["logits"])
        lp = log_softmax(z, axis=1)
        for i, s in enumerate(S):
            close(-lp[i, case["labels"][i]], s, 1e-11)
    if min(p for ps, ys in zip(P, Y) for p, y in zip(ps, ys) if y) < 1e-15:
        return
    K = len(P[0])
    probs, labels, weights = [], [], []
    for ps, ys, w in zip(P, Y, W):
        for k in range(K):
            if ys[k]:
                probs.append([float(v) for v in ps]), labels.append(k), weights.append(float(w * ys[k]))
    ours = mp.fsum(-w * y * mp.log(p / mp.fsum(ps)) for ps, ys, w in zip(P, Y, W) for p, y in zip(ps, ys) if y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = log_loss(labels, probs, sample_weight=weights, labels=list(range(K)))
    total = mp.fsum(w * y for w, ys in zip(W, Y) for y in ys)
    close(theirs, ours / total, 1e-11)
    CHECKED.append(case["name"])


CHECKED = []


def probabilities(name, n, k, use="", tiny=0, decimals=None, named=False, worst=0, change=None):
    P = [simplex(k, tiny, decimals) for _ in range(n)]
    if change:
        P = [change(p) for p in P]
    L = [draw(p) for p in P]
    for i in range(worst):  # what happened was the least likely of what could
        L[i] = min((j for j in range(k) if P[i][j] > 0), key=P[i].__getitem__)
    case = {"name": name, "form": "probabilities"}
    if named:
        case["classes"] = NAMES[:k] if k <= len(NAMES) else [f"class {j:02d}" for j in range(k)]
    case["labels"] = [case["classes"][v] for v in L] if named else L
    case["probs"] = P
    return extras(case, n, use)


def positive(name, n, use="", named=False, values=None):
    P = values or [rng.randrange(1, 10**9) / 10**9 for _ in range(n)]
    L = [int(rng.random() < p) for p in P]
    case = {"name": name, "form": "positive"}
    if named:
        case["positive"], case["negative"] = "yes", "no"
    case["labels"] = [["no", "yes"][v] for v in L] if named else L
    case["probs"] = P
    return extras(case, len(P), use)


def soft(name, n, k, use="", votes=10, tiny=0, hard=0):
    P = [simplex(k, tiny) for _ in range(n)]
    Y = []
    for i, p in enumerate(P):
        count = [0] * k
        for _ in range(votes):
            count[draw(p) if rng.random() < 0.7 else rng.randrange(k)] += 1
        if i < hard:
            count = [votes if j == i % k else 0 for j in range(k)]
        Y.append([c / votes for c in count])
    return extras({"name": name, "form": "soft", "labels": Y, "probs": P}, n, use)


def logits(name, n, k, use="", span=8, f32=False):
    Z = [[rng.randrange(-span * 1000, span * 1000 + 1) / 1000 for _ in range(k)] for _ in range(n)]
    if f32:
        Z = [[float(np.float32(v)) for v in row] for row in Z]
    L = [max(range(k), key=z.__getitem__) if rng.random() < 0.6 else rng.randrange(k) for z in Z]
    case = {"name": name, "form": "logits", "dtype": "float32" if f32 else "float64", "labels": L, "logits": Z}
    return extras(case, n, use)


def logprobs(name, n, k, use="", tiny=0, worst=0):
    P = [simplex(k, tiny) for _ in range(n)]
    L = [draw(p) for p in P]
    for i in range(worst):
        L[i] = min(range(k), key=P[i].__getitem__)
    LP = [[float(mp.log(mpf(v))) for v in p] for p in P]
    return extras({"name": name, "form": "logprobs", "labels": L, "logprobs": LP}, n, use)


def surprisals(name, n, use="", big=False):
    T = [rng.randint(1, 60) for _ in range(n)]
    S = [t * rng.randrange(200, 6000) / 1000 for t in T]
    if big:
        S[0], S[1] = 1e-9, 744.4400719213812
    return extras({"name": name, "form": "surprisals", "nats": S, "tokens": T}, n, use)


def tenths(p):
    """Whole tenths, so that ties and zeros are common; still a distribution."""
    t = [int(v * 10) for v in p]
    t[0] += 10 - sum(t)
    return [v / 10 for v in t]


def tied_first(p):
    """Give two classes that share the maximum exactly half of their sum each."""
    a, b = sorted(range(len(p)), key=p.__getitem__)[-2:]
    half = (p[a] + p[b]) / 2
    return [half if j in (a, b) else v for j, v in enumerate(p)]


def surely(p):
    return [float(j == max(range(len(p)), key=p.__getitem__)) for j in range(len(p))]


def make():
    yield probabilities("two classes by index", 40, 2)
    yield probabilities("two classes by name, weights", 40, 2, "w", named=True)
    yield probabilities("two classes, tiny parts, clusters", 30, 2, "c", tiny=12, worst=4)
    yield probabilities("three classes by name", 60, 3, named=True)
    yield probabilities("three classes, repeats", 30, 3, "f")
    yield probabilities("three classes, weights and clusters", 40, 3, "wc", named=True)
    yield probabilities("three classes, weights, repeats and clusters", 24, 3, "wfc", named=True)
    yield probabilities("four classes in tenths: ties and zeros", 60, 4, change=tenths)
    yield probabilities("five classes, two-way ties at the maximum", 30, 5, "w", change=tied_first)
    yield probabilities("three classes, certain and right", 12, 3, change=surely)
    yield probabilities("one row", 1, 3)
    yield probabilities("five classes, 7 decimals: sums are off by up to 2.5e-7", 40, 5, decimals=7, named=True)
    yield probabilities("seven classes down to 1e-300", 20, 7, tiny=300, worst=10)
    yield probabilities("seven classes down to 1e-300, weights", 20, 7, "w", tiny=300, worst=6, named=True)
    yield probabilities("ten classes", 40, 10, "wc")
    yield probabilities("twenty classes by name, six rows: most classes never occur", 6, 20, named=True)
    yield probabilities("fifty classes", 20, 50, tiny=5)
    yield probabilities("fifty classes by name, 8 decimals, weights", 16, 50, "w", decimals=8, named=True)
    one = probabilities("one class among the labels", 12, 3)
    one["labels"] = [1] * 12
    yield one

    yield positive("positive class, 0 and 1", 60)
    yield positive("positive class by name", 40, named=True)
    yield positive("positive class by name, weights", 40, "w", named=True)
    yield positive("positive class, repeats", 30, "f")
    yield positive("positive class, clusters", 40, "c", named=True)
    yield positive("positive class, weights, repeats and clusters", 32, "wfc")
    tiny = positive("positive class down to 1e-300", 0,
                    values=[1e-300, 2.5e-200, 1e-100, 1e-40, 1e-20, 1e-17, 1e-16, 1e-12, 1e-9, 1e-5, 0.5, 0.25] * 2)
    tiny["labels"] = [1] * 12 + [0] * 12
    yield tiny
    near = positive("positive class up to 1 - 2^-53", 0,
                    values=[1 - 2.0**-53, 1 - 2.0**-52, 1 - 1e-15, 1 - 1e-12, 1 - 1e-9, 1 - 1e-5, 0.5, 0.75] * 2)
    near["labels"] = [0] * 8 + [1] * 8
    yield near
    yield positive("positive class, some rows certain and right", 0, "w",
                   values=[0.0, 1.0, 0.0, 1.0] + [rng.randrange(1, 1000) / 1000 for _ in range(16)])
    yield positive("positive class at one half: every row a tie", 0, "w", values=[0.5] * 10)

    yield soft("soft labels, three classes", 40, 3)
    yield soft("soft labels, three classes, weights", 30, 3, "w")
    yield soft("soft labels of eight votes, four classes, repeats", 24, 4, "f", votes=8)
    yield soft("soft labels, ten classes, clusters", 24, 10, "c", votes=5)
    yield soft("soft labels, two classes", 30, 2, "w", votes=16)
    yield soft("soft labels, five classes, tiny parts", 20, 5, votes=20, tiny=100)
    yield soft("soft labels, some hard", 24, 3, "wfc", hard=12)

    yield logits("logits, three classes", 40, 3)
    yield logits("logits, ten classes, weights", 30, 10, "w", span=15)
    yield logits("float32 logits, ten classes", 30, 10, f32=True)
    yield logits("float32 logits, fifty classes, clusters", 16, 50, "c", f32=True)
    yield logits("logits up to 700 apart", 20, 5, span=350)
    yield logits("logits, two classes, repeats", 24, 2, "f")

    yield logprobs("log-probabilities, three classes", 40, 3)
    yield logprobs("log-probabilities, ten classes, weights and clusters", 24, 10, "wc")
    yield logprobs("log-probabilities down to 1e-300", 20, 6, "w", tiny=300, worst=6)
    below = logprobs("log-probabilities below what a float64 probability can hold", 12, 4)
    for i in range(3):  # exp of these is 0 in float64
        k = min(range(4), key=below["logprobs"][i].__getitem__)
        below["logprobs"][i][k] = -1000.5 - 500 * i
        top = max(range(4), key=below["logprobs"][i].__getitem__)
        rest = mp.fsum(mp.exp(mpf(v)) for j, v in enumerate(below["logprobs"][i]) if j != top)
        below["logprobs"][i][top] = float(mp.log(1 - rest))
        below["labels"][i] = k
    yield below

    yield surprisals("surprisals and token counts", 40)
    yield surprisals("surprisals and token counts, clusters", 40, "c")
    yield surprisals("surprisals and token counts, repeats", 30, "f")
    yield surprisals("surprisals and token counts, very small and very large", 30, "", big=True)


def check_published():
    """Recompute every vector of published.json."""
    doc = json.loads((HERE / "published.json").read_text(encoding="utf-8"))
    for v in doc["vectors"]:
        i, e, tol = v["input"], v["expected"], mpf(v["tolerance"])
        got = {}
        if v["form"] == "probabilities":
            ys = [i["classes"].index(y) for y in i["labels"]]
            P = [[mpf(p) for p in row] for row in i["probs"]]
            if i.get("normalize") == "rescale":
                P = [[p / mp.fsum(row) for p in row] for row in P]
            s = [-mp.log(row[y]) for row, y in zip(P, ys)]
            got = {"cross_entropy": mp.fsum(s) / len(s), "nll": mp.fsum(s)}
        elif v["form"] == "positive":
            W = [mpf(w) for w in i.get("weights", [1] * len(i["probs"]))]
            Y, P = [mpf(y) for y in i["labels"]], [mpf(p) for p in i["probs"]]
            floor = mpf(i.get("floor", 0))

            def s(y, p):
                if i.get("floor_kind") == "both ends":
                    p = min(max(p, floor), 1 - floor)
                parts = [(y, p), (1 - y, 1 - p)]
                return mp.fsum(w * (-mp.log(max(q, floor)) if max(q, floor) else mp.inf) for w, q in parts if w)

            total = mp.fsum(W)
            got["cross_entropy"] = mp.fsum(w * s(y, p) for w, y, p in zip(W, Y, P)) / total
            if "label_entropy" in e:
                got["label_entropy"] = mp.fsum(-w * (xlogx(y) + xlogx(1 - y)) for w, y in zip(W, Y)) / total
                got["kl"] = got["cross_entropy"] - got["label_entropy"]
        elif v["form"] == "language_model":
            if "bits_per_byte" in i:
                got = {"byte_perplexity": mpf(2) ** mpf(i["bits_per_byte"])}
            elif "byte_perplexity" in i:
                got = {"bits_per_byte": mp.log(mpf(i["byte_perplexity"]), 2)}
            else:
                t = -mpf(i["log10_prob"])
                got = {"ppl": 10 ** (t / (i["words"] - i["oov"] + i["sentences"])), "ppl1": 10 ** (t / (i["words"] - i["oov"]))}
        elif v["form"] == "distance":
            p, q = ([mpf(x) for x in i[k]] for k in "pq")
            m = [(a + b) / 2 for a, b in zip(p, q)]
            js = mp.fsum((xlogx(a) + xlogx(b)) / 2 - xlogx(c) for a, b, c in zip(p, q, m))
            got = {"js_distance_nat": mp.sqrt(js), "js_distance_base2": mp.sqrt(js / mp.log(2))}
        for k, want in e.items():
            want = mpf("inf") if want == "Infinity" else mpf(want)
            assert got[k] == want or abs(got[k] - want) <= tol, (v["name"], k, digits(got[k]))
        for k, want in v.get("full", {}).items():
            assert abs(got[k] - mpf(want)) <= mpf("2e-16") * abs(got[k]), (v["name"], k, digits(got[k]))


def main():
    check_published()
    cases = list(make())
    assert len(cases) == 50 and len({c["name"] for c in cases}) == 50, len(cases)
    lines = []
    for c in cases:
        c["expected"] = solve(c)
        fields = [f"   {json.dumps(k)}: {json.dumps(v)}" for k, v in c.items()]
        lines.append("  {\n" + ",\n".join(fields) + "\n  }")
    head = json.dumps(ABOUT, indent=1).replace("\n", "\n ")
    text = '{\n "about": ' + head + ',\n "cases": [\n' + ",\n".join(lines) + "\n ]\n}\n"
    assert json.loads(text)["cases"] == json.loads(json.dumps(cases))
    (HERE / "cases.json").write_text(text, encoding="utf-8")
    print(f"cases.json: {len(cases)} cases, {len(CHECKED)} compared with sklearn.log_loss")


if __name__ == "__main__":
    main()
