#!/usr/bin/env python3
"""Make the example inputs in this directory. Run: python3 examples/make.py

Everything is predicted out of fold: no row is scored by a model that saw it.

  digits/    1797 handwritten digits, 10 classes (sklearn.datasets.load_digits):
             logistic.csv, forest.csv, logits.npy + labels.npy, and quantised.npy,
             the logits of the same model with its weights rounded to 3 bits
  cancer/    569 breast tumours, 2 classes (sklearn.datasets.load_breast_cancer):
             logistic.csv, forest.csv, one probability column
  iris/      150 flowers, 3 named classes (sklearn.datasets.load_iris):
             logistic.csv, forest.csv
  kaggle/    submission.csv + solution.csv: the logistic regression's iris
             probabilities and one-hot labels with a Usage column, to be joined
             on id; rows in different orders
  lm/        tokens.csv: log-probabilities that a small word model gives to the
             tokens of the Apache License 2.0 (the LICENSE file above)
  soft/      annotators.csv: the iris probabilities beside soft labels, which are
             the class shares among each flower's 10 nearest neighbours
  dice/      rolls.txt, counts.csv, beliefs.csv: 100 rolls of one die

Sources and licences. The three data sets are bundled with scikit-learn (BSD
3-Clause) and come from the UCI Machine Learning Repository (CC BY 4.0):
"Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998; the test
part), "Breast Cancer Wisconsin (Diagnostic)" (Wolberg, Mangasarian, Street and
Street, 1995), "Iris" (Fisher, 1936). Only labels and our own predictions are
written here, no feature values. The licence text is distributed with the
program. The dice are made up.

Floats are written with repr, the shortest text that reads back as the same
float64. Seeds are fixed and everything runs on one thread; the processor
features that numpy and OpenBLAS may use are pinned below, since a different
vector width changes last bits. Made with Python 3.11, numpy 1.24.2,
scipy 1.10.1, scikit-learn 1.2.1; other versions may change digits.

At the end the figures that README.md states are computed with sklearn and
printed, and the run fails if README.md lacks one of them.
"""

import os

os.environ["OPENBLAS_CORETYPE"] = "Haswell"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["NPY_DISABLE_CPU_FEATURES"] = (
    "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
)

import csv
import math
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from scipy.special import log_softmax, rel_entr
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
SEED = 20240229


def write_csv(name, header, rows):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(header)
        for row in rows:
            w.writerow([repr(float(v)) if isinstance(v, float) else v for v in row])


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=1e-8, max_iter=5000))


def forest(trees):
    return RandomForestClassifier(n_estimators=trees, random_state=SEED, n_jobs=1)


def out_of_fold(model, X, y, folds, method="predict_proba"):
    """Return the out-of-fold predictions and each row's fold (0-based)."""
    out, fold = None, np.zeros(len(y), int)
    split = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    for k, (train, test) in enumerate(split.split(X, y)):
        fitted = model.fit(X[train], y[train])
        p = method(fitted, X[test]) if callable(method) else getattr(fitted, method)(X[test])
        if out is None:
            out = np.zeros((len(y),) + p.shape[1:])
        out[test], fold[test] = p, k
    return out, fold


FIGURES = []  # (what, value) that README.md must state


def figure(what, value):
    FIGURES.append((what, repr(value) if isinstance(value, int) else repr(float(value))))


def log_losses(name, y, P, labels):
    """The figures of one file of probabilities, P[i, k] for labels[k]."""
    true = P[np.arange(len(y)), [labels.index(v) for v in y]]
    zero = int((true == 0).sum())
    figure(f"{name}: sklearn log_loss", log_loss(y, P, labels=labels))
    if zero:
        keep = true > 0
        figure(f"{name}: rows with probability 0 for the true class", zero)
        figure(f"{name}: log_loss of the other rows",
               log_loss([v for v, k in zip(y, keep) if k], P[keep], labels=labels))


def quantised(model, X, bits=3):
    """The logits of a logistic regression with the weights of each class rounded to
    2^bits - 1 equidistant values."""
    scaler, regression = model[0], model[-1]
    W = regression.coef_
    step = np.abs(W).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return scaler.transform(X) @ (np.rint(W / step) * step).T + regression.intercept_


def compare(name, y, z, base):
    """The figures of a model's logits z against those of a base."""
    lp, lq = log_softmax(base.astype(float), axis=1), log_softmax(z.astype(float), axis=1)
    kl = rel_entr(np.exp(lp), np.exp(lq)).sum(axis=1)
    at = np.arange(len(y))
    d = lp[at, y] - lq[at, y]
    figure(f"{name}: mean KL", math.fsum(kl) / len(kl))
    figure(f"{name}: largest KL", kl.max())
    figure(f"{name}: rows with the same top class", int((lp.argmax(axis=1) == lq.argmax(axis=1)).sum()))
    figure(f"{name}: mean of the differences of log loss", math.fsum(d) / len(d))


def digits():
    X, y = load_digits(return_X_y=True)
    labels = list(range(10))
    header = ["id", "label", "fold"] + [f"p_{k}" for k in labels]
    for name, model in [("logistic", logistic()), ("forest", forest(10))]:
        P, fold = out_of_fold(model, X, y, 5)
        write_csv(f"digits/{name}.csv", header,
                  ([i, int(y[i]), int(fold[i])] + list(map(float, P[i])) for i in range(len(y))))
        log_losses(f"digits/{name}.csv", list(y), P, labels)
    logits, _ = out_of_fold(logistic(), X, y, 5, "decision_function")
    logits = np.ascontiguousarray(logits, dtype=np.float32)
    np.save(HERE / "digits/logits.npy", logits)
    np.save(HERE / "digits/labels.npy", y.astype(np.int64))
    z = logits.astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    log_losses("digits/logits.npy", list(y), p / p.sum(axis=1, keepdims=True), labels)
    rough, _ = out_of_fold(logistic(), X, y, 5, quantised)
    rough = np.ascontiguousarray(rough, dtype=np.float32)
    np.save(HERE / "digits/quantised.npy", rough)
    compare("digits/quantised.npy against digits/logits.npy", y, rough, logits)


def cancer():
    data = load_breast_cancer()
    y = np.array([str(data.target_names[t]) for t in data.target])
    for name, model in [("logistic", logistic()), ("forest", forest(100))]:
        P, _ = out_of_fold(model, data.data, y, 10)  # columns: benign, malignant
        write_csv(f"cancer/{name}.csv", ["id", "diagnosis", "p_malignant"],
                  ([i, str(y[i]), float(P[i, 1])] for i in range(len(y))))
        # The file holds P(malignant); P(benign) is what is left.
        log_losses(f"cancer/{name}.csv", list(y), np.c_[1 - P[:, 1], P[:, 1]],
                   ["benign", "malignant"])


def iris():
    data = load_iris()
    names = [str(s) for s in data.target_names]
    y = np.array([names[t] for t in data.target])
    probs = {}
    for name, model in [("logistic", logistic()), ("forest", forest(100))]:
        P, _ = out_of_fold(model, data.data, y, 10)
        write_csv(f"iris/{name}.csv", ["id", "species"] + names,
                  ([i, str(y[i])] + list(map(float, P[i])) for i in range(len(y))))
        log_losses(f"iris/{name}.csv", list(y), P, names)
        probs[name] = P
    soft(data, names, probs["logistic"])
    kaggle(names, y, probs["logistic"])


def kaggle(names, y, P):
    # A submission and the solution that it is scored against, as in a competition.
    rng = np.random.RandomState(SEED)
    ids = [f"f{k:04d}" for k in rng.choice(10_000, len(y), replace=False)]
    private = rng.permutation(len(y)) >= 45  # three in ten rows are public
    order = rng.permutation(len(y))
    write_csv("kaggle/submission.csv", ["id"] + names,
              ([ids[i]] + list(map(float, P[i])) for i in order))
    write_csv("kaggle/solution.csv", ["id"] + names + ["Usage"],
              ([ids[i]] + [int(y[i] == s) for s in names] + ["Private" if private[i] else "Public"]
               for i in rng.permutation(len(y))))
    for part, rows in [("Public", ~private), ("Private", private)]:
        figure(f"kaggle/submission.csv: {part}, sklearn log_loss", log_loss(y[rows], P[rows], labels=names))


def soft(data, names, P, k=10):
    # Measurements are whole millimetres (tenths of a centimetre), so squared
    # distances are exact integers; equal distances go by row number.
    X = np.rint(data.data * 10).astype(np.int64)
    d2 = ((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(d2, np.iinfo(np.int64).max)
    near = np.argsort(d2, axis=1, kind="stable")[:, :k]
    Y = np.array([np.bincount(data.target[near[i]], minlength=3) / k for i in range(len(X))])
    write_csv("soft/annotators.csv", ["id"] + [f"y_{s}" for s in names] + [f"p_{s}" for s in names],
              ([i] + list(map(float, Y[i])) + list(map(float, P[i])) for i in range(len(X))))
    # Soft cross entropy by log_loss: each class once as the label, weighted by its share.
    labels = [s for _ in range(len(X)) for s in names]
    figure("soft/annotators.csv: sklearn log_loss",
           log_loss(labels, np.repeat(P, 3, axis=0), sample_weight=Y.ravel(), labels=names))
    h = math.fsum(-v * math.log(v) for v in Y.ravel() if v > 0) / len(X)
    figure("soft/annotators.csv: mean label entropy", h)


class Interpolated:
    """Witten-Bell interpolated n-gram model over a base distribution:
    p(w | h) = (count(h, w) + types(h) * p(w | shorter h)) / (count(h) + types(h))."""

    def __init__(self, order, base):
        self.order, self.base = order, base
        self.counts = defaultdict(Counter)
        self.totals = Counter()

    def add(self, tokens):
        padded = (None,) * (self.order - 1) + tuple(tokens)
        for i in range(self.order - 1, len(padded)):
            for n in range(self.order):
                h = padded[i - n:i]
                self.counts[h][padded[i]] += 1
                self.totals[h] += 1

    def prob(self, h, w):
        p = self.base(w)
        h = ((None,) * (self.order - 1) + tuple(h))[-(self.order - 1):]
        for n in range(self.order):
            s = h[len(h) - n:]
            if s in self.totals:
                t = len(self.counts[s])
                p = (self.counts[s][w] + t * p) / (self.totals[s] + t)
        return p


ALPHABET = 96  # printable ASCII and the end of a token


def train_lm(docs):
    """A word trigram model whose base spells the token with a letter 4-gram model,
    so every printable ASCII string has a probability and they sum to 1."""
    spell = Interpolated(4, lambda c: 1.0 / ALPHABET)
    for token in sorted({t for d in docs for t in d}):
        spell.add(list(token) + ["END"])

    def spelled(token):
        chars, p = list(token) + ["END"], 1.0
        for i, c in enumerate(chars):
            p *= spell.prob(chars[:i], c)
        return p

    words = Interpolated(3, spelled)
    for d in docs:
        words.add(d)
    return words


def lm(folds=10):
    text = (HERE.parent / "LICENSE").read_text(encoding="ascii").split("END OF TERMS")[0]
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text) if p.strip()]
    # A document is a sentence or clause; a token keeps the space before it.
    clauses = [c for p in paragraphs for c in re.split(r"(?<=[a-z)][.;:]) ", p)]
    docs = [re.findall(r" ?[A-Za-z]+| ?[0-9]+| ?[^A-Za-z0-9 ]", c) for c in clauses]
    assert ["".join(d) for d in docs] == clauses
    models = [train_lm([d for j, d in enumerate(docs) if j % folds != f]) for f in range(folds)]
    rows = []
    for i, d in enumerate(docs):
        for k, token in enumerate(d):
            p = models[i % folds].prob(d[:k], token)
            rows.append([i + 1, token, math.log(p), len(token.encode("utf-8"))])
    write_csv("lm/tokens.csv", ["doc", "token", "logprob", "bytes"], rows)
    nll = -math.fsum(r[2] for r in rows)
    size = sum(r[3] for r in rows)
    figure("lm/tokens.csv: documents", len(docs))
    figure("lm/tokens.csv: tokens", len(rows))
    figure("lm/tokens.csv: bytes", size)
    figure("lm/tokens.csv: nats per token", nll / len(rows))
    figure("lm/tokens.csv: perplexity per token", math.exp(nll / len(rows)))
    figure("lm/tokens.csv: bits per byte", nll / math.log(2) / size)


def dice():
    faces, counts = [1, 2, 3, 4, 5, 6], [18, 18, 15, 17, 17, 15]
    rolls = np.repeat(faces, counts)
    np.random.RandomState(SEED).shuffle(rolls)
    (HERE / "dice").mkdir(exist_ok=True)
    (HERE / "dice/rolls.txt").write_text("".join(f"{r}\n" for r in rolls))
    write_csv("dice/counts.csv", ["face", "count"], zip(faces, counts))
    observed = [c / 100 for c in counts]
    fair, loaded = [1 / 6] * 6, [0.1] * 5 + [0.5]
    write_csv("dice/beliefs.csv", ["face", "observed", "fair", "loaded"],
              zip(faces, observed, fair, loaded))
    y = [int(r) for r in rolls]
    for name, q in [("fair", fair), ("loaded", loaded)]:
        figure(f"dice/rolls.txt under {name}: sklearn log_loss",
               log_loss(y, np.tile(q, (len(y), 1)), labels=faces))


def main():
    digits()
    cancer()
    iris()
    lm()
    dice()
    readme = (HERE / "README.md").read_text(encoding="utf-8") if (HERE / "README.md").exists() else ""
    missing = 0
    for what, value in FIGURES:
        found = value in readme
        missing += not found
        print(f"{value:>22}  {what}{'' if found else '   NOT IN README.md'}")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
