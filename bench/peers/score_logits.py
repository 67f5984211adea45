"""Log loss of an NPY of logits and one of labels: score_logits.py scipy|sklearn|torch THREADS LOGITS LABELS

Prints the figure and the seconds that reading and scoring took; starting Python
and importing is not counted.
"""
import json
import sys
import time

import numpy as np

how, threads, logits, labels = sys.argv[1:]
if how == "torch":
    import torch

    torch.set_num_threads(int(threads))
else:
    import scipy
    from scipy.special import logsumexp, softmax
if how == "sklearn":
    import sklearn
    from sklearn.metrics import log_loss

start = time.perf_counter()
z = np.load(logits)
y = np.load(labels)
if how == "torch":
    value = float(torch.nn.functional.cross_entropy(torch.from_numpy(z), torch.from_numpy(y), reduction="none").double().mean())
    used = torch.__version__
elif how == "sklearn":
    value = float(log_loss(y, softmax(z, axis=1)))
    used = f"numpy {np.__version__}, scipy's softmax, scikit-learn {sklearn.__version__}"
else:
    value = float((logsumexp(z, axis=1) - z[np.arange(len(y)), y]).astype(np.float64).mean())
    used = scipy.__version__
seconds = time.perf_counter() - start
print(json.dumps({"value": value, "seconds": seconds, "with": used}))
