"""Log loss of an NPY of probabilities and one of labels: score_npy.py numpy|sklearn PROBS LABELS

With numpy, only the probability of what happened is looked at. Prints the figure
and the seconds that reading and scoring took; starting Python and importing is
not counted.
"""
import json
import sys
import time

import numpy as np

how, probs, labels = sys.argv[1:]
if how == "sklearn":
    import sklearn
    from sklearn.metrics import log_loss

start = time.perf_counter()
p = np.load(probs)
y = np.load(labels)
if how == "sklearn":
    value = float(log_loss(y, p))
    used = f"numpy {np.__version__}, scikit-learn {sklearn.__version__}"
else:
    value = float(-np.log(p[np.arange(len(y)), y].astype(np.float64)).mean())
    used = f"{np.__version__}, np.load, p[i, y[i]] only"
seconds = time.perf_counter() - start
print(json.dumps({"value": value, "seconds": seconds, "with": used}))
