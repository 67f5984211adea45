#!/usr/bin/env python3
"""Make the NPY and NPZ files that npy_test.go reads. Run: python3 predict/testdata/make_npy.py

Every array holds a[i, j] = ((7 i + 3 j) mod 11 - 5) / 4 over 5 rows and 3
columns; integers hold (7 i + 3 j) mod 11, minus 5 if they are signed; booleans
whether that is odd. Floats have a NaN at [1, 2] and an infinity at [3, 0].
refused/ holds what cannot be read. Texts are in text_*.npy.
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent / "npy"
(HERE / "refused").mkdir(parents=True, exist_ok=True)

i, j = np.mgrid[0:5, 0:3]
n = (7 * i + 3 * j) % 11
f = (n - 5) / 4
f[1, 2], f[3, 0] = np.nan, np.inf

for order in "<>":
    name = "le" if order == "<" else "be"
    for size in 2, 4, 8:
        np.save(HERE / f"f{size}_{name}.npy", f.astype(f"{order}f{size}"))
        np.save(HERE / f"f{size}_{name}_fortran.npy", np.asfortranarray(f.astype(f"{order}f{size}")))
    for size in 1, 2, 4, 8:
        np.save(HERE / f"i{size}_{name}.npy", (n - 5).astype(f"{order}i{size}"))
        np.save(HERE / f"u{size}_{name}.npy", n.astype(f"{order}u{size}"))
np.save(HERE / "b1.npy", n % 2 == 1)
np.save(HERE / "b1_fortran.npy", np.asfortranarray(n % 2 == 1))
np.save(HERE / "u2_be_fortran.npy", np.asfortranarray(n.astype(">u2")))
np.save(HERE / "flat.npy", (n - 5)[:, 0].astype("<i8"))
np.save(HERE / "column.npy", (n - 5)[:, :1].astype("<i8"))
np.save(HERE / "big.npy", np.array([2**53 + 1, -(2**63)], "<i8"))
for version in (2, 0), (3, 0):
    with open(HERE / f"v{version[0]}.npy", "wb") as out:
        np.lib.format.write_array(out, f.astype("<f4"), version=version)
np.save(HERE / "halves.npy", np.arange(65536, dtype="<u2").view("<f2")[::7].copy())
np.save(HERE / "halves_wide.npy", np.arange(65536, dtype="<u2").view("<f2")[::7].astype("<f4"))

words = ["cat", "dog", "", "Zürich 1", "\U0001f600"]
for order in "<>":
    np.save(HERE / f"text_{'le' if order == '<' else 'be'}.npy", np.array(words).astype(f"{order}U12"))
np.save(HERE / "text_column.npy", np.array(words)[:, None])
np.save(HERE / "text_bytes.npy", np.array([w.encode() for w in words]))
np.save(HERE / "text_one.npy", np.array(list("abcab")))
np.save(HERE / "text_one_byte.npy", np.array(list("abcab"), "S"))
for name, save in ("stored", np.savez), ("deflated", np.savez_compressed):
    save(HERE / f"text_{name}.npz", probs=np.full((5, 2), 0.5, "f4"), y=np.array(words), codes=np.array([w.encode() for w in words]))

R = HERE / "refused"
np.save(R / "object.npy", np.array([1.5, "a"], object), allow_pickle=True)
np.save(R / "text.npy", np.array([["cat", "dog"], ["dog", "cat"]]))
np.save(R / "timedelta.npy", np.array([5], "m8[s]"))
np.save(R / "complex.npy", np.array([1j]))
np.save(R / "longdouble.npy", np.array([1], np.longdouble))
np.save(R / "record.npy", np.array([(1, 2.0)], [("a", "<i4"), ("b", "<f4")]))
np.save(R / "void.npy", np.zeros(2, "V2"))
np.save(R / "date.npy", np.array(["2020-02-02"], "M8[D]"))
np.save(R / "scalar.npy", np.array(1.5))
np.save(R / "cube.npy", np.zeros((2, 3, 4), "<f4"))
np.save(R / "empty.npy", np.zeros((0, 3), "<f4"))
