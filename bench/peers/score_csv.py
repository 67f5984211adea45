"""Log loss of a CSV of a label and 10 probabilities, with pandas and scikit-learn.

Prints its figure and the seconds that reading and scoring took; starting Python
and importing is not counted.
"""
import json
import sys
import time

import pandas as pd
import sklearn
from sklearn.metrics import log_loss

start = time.perf_counter()
frame = pd.read_csv(sys.argv[1])
value = log_loss(frame["label"].to_numpy(), frame.drop(columns="label").to_numpy())
seconds = time.perf_counter() - start
print(json.dumps({"value": value, "seconds": seconds, "with": f"pandas {pd.__version__}, scikit-learn {sklearn.__version__}"}))
