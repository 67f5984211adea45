"""Mean of -log p over a file of float64, with numpy, and with torch if it is there:
mean_log.py THREADS REPS FILE

The file is read before anything is timed; contestants run in turn.
"""
import json
import sys
import time

import numpy as np

threads, reps, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
p = np.fromfile(path)
contests = [("numpy", np.__version__ + ", one thread", lambda: float(-np.log(p).mean()))]
try:
    import torch
except ImportError:
    pass
else:
    torch.set_num_threads(threads)
    t = torch.from_numpy(p)
    contests.append(("torch", torch.__version__, lambda: float(-t.log().mean())))

out = [{"name": name, "with": used, "seconds": [], "value": None} for name, used, _ in contests]
for rep in range(reps + 1):
    for entry, (_, _, f) in zip(out, contests):
        start = time.perf_counter()
        entry["value"] = f()
        if rep:
            entry["seconds"].append(time.perf_counter() - start)
print(json.dumps(out))
