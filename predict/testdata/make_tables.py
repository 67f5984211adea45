"""Writes small files of predictions as statistics packages write them, and what every file of systems/ must score.

python3 make_tables.py  writes tables into systems/ beside this script, and systems.json beside it. The probabilities are
scikit-learn's own: predictions of examples/iris and examples/cancer, which examples/make.py made with predict_proba.
`go run make_columnar.go` then makes the Parquet and Arrow files of the JSON lines here.

Scores are computed with mpmath at 50 digits from the numbers as they are written, and compared with scikit-learn's log_loss.
"""
import csv
import gzip
import io
import json
import os
import struct
import zipfile

import mpmath
import numpy as np
from sklearn.metrics import log_loss

mpmath.mp.dps = 50
here = os.path.dirname(os.path.abspath(__file__))
out = os.path.join(here, "systems")
expected = []


def examples(path):
    with open(os.path.join(here, "../../examples", path), newline="") as f:
        return list(csv.DictReader(f))


# Every tenth flower, three of which the model gets wrong, and every twentieth tumour.
iris = [r for i, r in enumerate(examples("iris/logistic.csv")) if i % 10 == 3 or i in (70, 77, 106)]
cancer = examples("cancer/logistic.csv")[::20]
names = ["setosa", "versicolor", "virginica"]
P = [[float(r[n]) for n in names] for r in iris]
Y = [names.index(r["species"]) for r in iris]
Q = [float(r["p_malignant"]) for r in cancer]
B = [int(r["diagnosis"] == "malignant") for r in cancer]
assert max(max(p) == p[y] for p, y in zip(P, Y)) and min(max(p) == p[y] for p, y in zip(P, Y)) == 0


def score(happened):
    """The mean surprisal of what happened, from its probabilities."""
    return mpmath.fsum(-mpmath.log(mpmath.mpf(p)) for p in happened) / len(happened)


def softmax(logits, k):
    """The probability of class k."""
    z = [mpmath.exp(mpmath.mpf(x)) if x != -np.inf else mpmath.mpf(0) for x in logits]
    return z[k] / mpmath.fsum(z)


def check(value, y, p):
    theirs = log_loss(y, p, labels=sorted(set(y)) if np.ndim(p) == 1 else list(range(len(p[0]))))
    assert abs(float(value) - theirs) < 1e-7, (value, theirs)
    return value


iris_score = check(score([p[y] for p, y in zip(P, Y)]), Y, P)
cancer_score = check(score([q if b else 1 - mpmath.mpf(q) for q, b in zip(Q, B)]), B, Q)


def expect(file, system, value=None, n=None, flags="", differs=False, **more):
    """What must come of a file: read as system, with these flags, or none; or the error and its hint."""
    e = {"file": file, "read_as": system, "flags": flags.split() if isinstance(flags, str) else flags}
    if value is not None:
        e |= {"n": n, "cross_entropy": mpmath.nstr(mpmath.mpf(value), 25)}
        if value == iris_score and n == N and not differs:
            e["same"] = "iris"  # the same stored values in the same order: the same bits
    expected.append(e | more)


def table(name, columns, rows, delimiter=","):
    with open(os.path.join(out, name), "w", newline="", encoding="utf-8") as f:
        w = csv.writer(f, delimiter=delimiter, lineterminator="\n")
        w.writerow(columns)
        w.writerows(rows)


def lines(name, records):
    with open(os.path.join(out, name), "w", encoding="utf-8", newline="\n") as f:
        for r in records:
            f.write(json.dumps(r) + "\n")


N, M = len(iris), len(cancer)


def stored_zstd(b):
    """A frame of one stored block, after RFC 8878: no checksum, the size in four bytes."""
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(b)) + struct.pack("<I", 1 | len(b) << 3)[:3] + b


pred = [max(range(3), key=p.__getitem__) for p in P]
ask = {"error": "no label column found"}

# scikit-learn: columns in the order of classes_, which are sorted; and pandas' index.
table("sklearn_numbers.csv", ["", "0", "1", "2", "y_true", "y_pred"], [[i, *p, y, q] for i, (p, y, q) in enumerate(zip(P, Y, pred))])
expect("sklearn_numbers.csv", "probabilities of 3 classes (0 … 2); label from \"y_true\", matched by name", iris_score, N)
table("sklearn_names.csv", [*names, "target"], [[*p, names[y]] for p, y in zip(P, Y)])
expect("sklearn_names.csv", "probabilities of 3 classes (setosa … virginica); label from \"target\", matched by name", iris_score, N)
table("sklearn_names_codes.csv", [*names, "target"], [[*p, y] for p, y in zip(P, Y)])
expect("sklearn_names_codes.csv", "numbers of columns, from 0", iris_score, N)
table("sklearn_prefix.csv", ["y", "prob_setosa", "prob_versicolor", "prob_virginica"], [[names[y], *p] for p, y in zip(P, Y)])
expect("sklearn_prefix.csv", "probabilities of 3 classes (prob_setosa … prob_virginica); label from \"y\", matched by name", iris_score, N)
table("sklearn_floats.csv", ["target", "0.0", "1.0", "2.0"], [[float(y), *p] for p, y in zip(P, Y)])
expect("sklearn_floats.csv", "probabilities of 3 classes (0.0 … 2.0); label from \"target\", matched by name", iris_score, N)
table("sklearn_bools.csv", ["False", "True", "y_true"], [[repr(float(1 - mpmath.mpf(q))), q, bool(b)] for q, b in zip(Q, B)])
expect("sklearn_bools.csv", "probabilities of 2 classes (False, True)", score([q if b else float(1 - mpmath.mpf(q)) for q, b in zip(Q, B)]), M)
table("sklearn_positive.csv", ["y_true", "y_prob"], [[b, q] for q, b in zip(Q, B)])
expect("sklearn_positive.csv", 'probability of "1" (y_prob)', cancer_score, M)
table("sklearn_positive_names.csv", ["y_true", "y_prob"], [[["benign", "malignant"][b], q] for q, b in zip(Q, B)])
expect("sklearn_positive_names.csv", "", flags="", error='which label is "y_prob" the probability of?', hint="say which: --positive ")
expect("sklearn_positive_names.csv", 'probability of "malignant" (y_prob)', cancer_score, M, "--positive malignant")
table("sklearn_unlabelled.csv", ["0", "1", "2", "y_pred"], [[*p, q] for p, q in zip(P, pred)])
expect("sklearn_unlabelled.csv", "", **ask, hint="--label COLUMN, or --labels FILE")

# tidymodels: .pred_class is no label; the event of two classes is the first level, so
# that the name of a lone column says whose probability it is.
table("tidymodels.csv", [".pred_class", *[".pred_" + n for n in names], ".row", "Species"],
      [[names[q], *p, i + 1, names[y]] for i, (p, y, q) in enumerate(zip(P, Y, pred))])
expect("tidymodels.csv", "tidymodels; probabilities of 3 classes (.pred_setosa … .pred_virginica); label from \"Species\"", iris_score, N)
table("tidymodels_event.csv", [".pred_class", ".pred_yes", "churn"], [[["yes", "no"][q < 0.5], q, ["no", "yes"][b]] for q, b in zip(Q, B)])
expect("tidymodels_event.csv", 'tidymodels; probability of "yes" (.pred_yes); label from "churn"', cancer_score, M)
table("tidymodels_first_level.csv", [".pred_0", "truth"], [[1 - q, b] for q, b in zip(Q, B)])
expect("tidymodels_first_level.csv", 'tidymodels; probability of "0" (.pred_0)', score([1 - mpmath.mpf(1 - q) if b else mpmath.mpf(1 - q) for q, b in zip(Q, B)]), M)
table("tidymodels_unlabelled.csv", [".pred_class", *[".pred_" + n for n in names]], [[names[q], *p] for p, q in zip(P, pred)])
expect("tidymodels_unlabelled.csv", "", **ask, hint="--label COLUMN, or --labels FILE")

# yardstick's samples, and caret's columns.
table("yardstick_two.csv", ["truth", "Class1", "Class2", "predicted"],
      [["Class1" if b else "Class2", q, repr(float(1 - mpmath.mpf(q))), "Class1" if q > 0.5 else "Class2"] for q, b in zip(Q, B)])
expect("yardstick_two.csv", "probabilities of 2 classes (Class1, Class2); label from \"truth\", matched by name",
       score([q if b else float(1 - mpmath.mpf(q)) for q, b in zip(Q, B)]), M)
table("yardstick_many.csv", ["obs", "pred", "VF", "F", "M", "Resample"],
      [[["VF", "F", "M"][y], ["VF", "F", "M"][q], *p, f"Fold{i % 10 + 1:02}"] for i, (p, y, q) in enumerate(zip(P, Y, pred))])
expect("yardstick_many.csv", "probabilities of 3 classes (VF … M); label from \"obs\", matched by name; ignored: pred, Resample", iris_score, N)

table("mlr3.csv", ["row_ids", "truth", "response", *["prob." + n for n in names]], [[i + 1, names[y], names[q], *p] for i, (p, y, q) in enumerate(zip(P, Y, pred))])
expect("mlr3.csv", "probabilities of 3 classes (prob.setosa … prob.virginica); label from \"truth\", matched by name; ignored: row_ids, response", iris_score, N)

# H2O: predict is the class at the threshold of the best F1, not the likeliest.
two = [[repr(float(1 - mpmath.mpf(q))), q] for q in Q]
two_score = score([q if b else float(1 - mpmath.mpf(q)) for q, b in zip(Q, B)])
table("h2o.csv", ["predict", "p0", "p1", "response"], [[int(q > 0.31), *t, b] for q, t, b in zip(Q, two, B)])
expect("h2o.csv", "H2O; probabilities of 2 classes (p0, p1); label from \"response\", matched by name; ignored: predict", two_score, M)
table("h2o_names.csv", ["predict", "NO", "YES", "churn"], [[["NO", "YES"][q > 0.31], *t, ["NO", "YES"][b]] for q, t, b in zip(Q, two, B)])
expect("h2o_names.csv", "H2O; probabilities of 2 classes (NO, YES); label from \"churn\", which names the classes, matched by name; ignored: predict", two_score, M)
table("h2o_calibrated.csv", ["predict", "p0", "p1", "cal_p0", "cal_p1", "response"], [[int(q > 0.31), *t, 0.5, 0.5, b] for q, t, b in zip(Q, two, B)])
expect("h2o_calibrated.csv", "", error="p0, p1, and the same calibrated, cal_p0, cal_p1", hint="--probs p0,p1 or --probs 'cal_p*'")
expect("h2o_calibrated.csv", "H2O; probabilities of 2 classes (p0, p1)", two_score, M, "--probs p0,p1")
expect("h2o_calibrated.csv", "H2O; probabilities of 2 classes (cal_p0, cal_p1)", mpmath.log(2), M, ["--probs", "cal_p*"])
table("h2o_unlabelled.csv", ["predict", "NO", "YES"], [[["NO", "YES"][q > 0.5], *t] for q, t in zip(Q, two)])
expect("h2o_unlabelled.csv", "", **ask, hint="--label COLUMN, or --labels FILE")

# Evidently: a column per class beside the class that was predicted, or a probability.
table("evidently.csv", ["sepal_length", "target", "prediction", *names], [[5.1 + y, names[y], names[q], *p] for p, y, q in zip(P, Y, pred)])
expect("evidently.csv", "probabilities of 3 classes (setosa … virginica); label from \"target\", matched by name; ignored: sepal_length, prediction", iris_score, N)
table("evidently_positive.csv", ["target", "prediction"], [[b, q] for q, b in zip(Q, B)])
expect("evidently_positive.csv", 'probability of "1" (prediction); label from "target"', cancer_score, M)
table("evidently_classes.csv", ["target", "prediction"], [[names[y], names[q]] for y, q in zip(Y, pred)])
expect("evidently_classes.csv", "", error="no columns of predictions found", hint="--prob COLUMN")

# Kaggle: a submission has no labels; they are in the solution.
table("kaggle_submission.csv", ["id", "Class_1", "Class_2", "Class_3"], [[i + 1, *p] for i, p in enumerate(P)])
table("kaggle_labels.csv", ["label"], [[f"Class_{y + 1}"] for y in Y])
expect("kaggle_submission.csv", "", **ask, hint="--labels FILE")
expect("kaggle_submission.csv", "labels from another file, matched by name", iris_score, N, "--labels kaggle_labels.csv")
expect("kaggle_labels.csv", "", error="no columns of predictions found")

# Classes within brackets, before an end in common, and as R's make.names writes them:
# a point for what is no letter, digit, point or underscore.
table("brackets.csv", ["y_true", *[f"P({n})" for n in names]], [[names[y], *p] for p, y in zip(P, Y)])
expect("brackets.csv", "probabilities of 3 classes (P(setosa) … P(virginica)); label from \"y_true\", matched by name", iris_score, N)
levels = ["<=50K", "50K-80K", ">80K"]
table("caret_names.csv", ["", "X..50K", "X50K.80K", "X.80K", "obs", "pred"], [[i + 1, *p, levels[y], levels[q]] for i, (p, y, q) in enumerate(zip(P, Y, pred))])
expect("caret_names.csv", "probabilities of 3 classes (X..50K … X.80K); label from \"obs\", matched by name, as R writes names; ignored: pred", iris_score, N)
table("azure.csv", ["churn", "Scored Labels", "Scored Probabilities"], [[["no", "yes"][b], ["no", "yes"][q > 0.5], q] for q, b in zip(Q, B)])
expect("azure.csv", "", error="no label column found", hint="is it churn? Then --label churn")
expect("azure.csv", 'probability of "yes" (Scored Probabilities); label from "churn"', cancer_score, M, "--label churn")
table("azure_classes.csv", ["species", *[f'Scored Probabilities for Class "{n}"' for n in names], "Scored Labels"], [[names[y], *p, names[q]] for p, y, q in zip(P, Y, pred)])
expect("azure_classes.csv", "label from \"species\", which names the classes, matched by name; ignored: Scored Labels", iris_score, N)
table("azure_automl.csv", ["y_orig", "y_predicted", *[n + "_predicted_proba" for n in names]], [[names[y], names[q], *p] for p, y, q in zip(P, Y, pred)])
expect("azure_automl.csv", "probabilities of 3 classes (setosa_predicted_proba … virginica_predicted_proba); label from \"y_orig\", matched by name; ignored: y_predicted", iris_score, N)

# The class that was predicted, where there should be a probability; lists within cells.
table("mlflow.csv", ["label", "prediction", "prediction_proba"], [[b, int(q > 0.5), f"[{t[0]}, {t[1]}]"] for q, t, b in zip(Q, two, B)])
expect("mlflow.csv", "", error='no columns of predictions found, but lists within cells: "[', hint="json.loads")
table("predicted_codes.csv", ["label", "prediction"], [[b, float(q > 0.5)] for q, b in zip(Q, B)])
expect("predicted_codes.csv", "", error="whole numbers, which are the class that was predicted", hint="--prob prediction")

# Forecasts: the first of two sides wins (1) or not (0); a question that came true or not.
table("forecast_sides.csv", ["team1", "team2", "prob1", "prob2", "result"], [["A", "B", q, t[0], float(b)] for q, t, b in zip(Q, two, B)])
expect("forecast_sides.csv", "", error="labels 0 and 1 beside the classes prob1, prob2", hint="--prob prob1")
expect("forecast_sides.csv", 'probability of "1" (prob1); label from "result"', cancer_score, M, "--prob prob1")
table("forecast_questions.csv", ["question_id", "forecast", "resolution"], [[i, q, ["no", "yes"][b]] for i, (q, b) in enumerate(zip(Q, B))])
expect("forecast_questions.csv", 'probability of "yes" (forecast); label from "resolution"', cancer_score, M)


def text(name, content):
    with open(os.path.join(out, name), "w", newline="", encoding="utf-8") as f:
        f.write(content)


# numpy.savetxt: a header behind #, labels as decimals with exponents; without a header,
# parted by blanks; and labels so, in a file of their own.
text("savetxt.csv", "# label,0,1,2\n" + "".join(",".join(f"{x:.18e}" for x in [y, *p]) + "\n" for p, y in zip(P, Y)))
expect("savetxt.csv", "probabilities of 3 classes (0 … 2); label from \"label\", matched by name", iris_score, N)
text("savetxt.txt", "".join(" ".join(f"{x:.18e}" for x in p) + "\n" for p in P))
text("savetxt_labels.txt", "".join(f"{y:.18e}\n" for y in Y))
expect("savetxt.txt", "", error="the first line looks like data", hint="--no-header")
expect("savetxt.txt", "labels from another file, numbers of columns, from 0", iris_score, N, "--labels savetxt_labels.txt --no-header")
expect("savetxt_labels.txt", "", error="the first line looks like data", hint="--no-header")
# R's write.table, with and without names of rows; Excel's line before the header, and commas.
text("r_table.txt", '"obs" ' + " ".join(f'"{n}"' for n in names) + "\n" + "".join(f'"{names[y]}" ' + " ".join(map(repr, p)) + "\n" for p, y in zip(P, Y)))
expect("r_table.txt", "probabilities of 3 classes (setosa … virginica); label from \"obs\", matched by name", iris_score, N)
text("r_table_rows.txt", '"y" "prob"\n' + "".join(f'"{i + 1}" {b} {q!r}\n' for i, (q, b) in enumerate(zip(Q, B))))
expect("r_table_rows.txt", "", error="3 fields, expected 2", hint="row.names = FALSE")
text("excel_sep.csv", "\ufeffsep=;\r\n" + ";".join([*names, "target"]) + "\r\n" + "".join(";".join([*map(repr, p), names[y]]) + "\r\n" for p, y in zip(P, Y)))
expect("excel_sep.csv", "probabilities of 3 classes (setosa … virginica); label from \"target\", matched by name", iris_score, N)
text("excel_commas.csv", ";".join([*names, "target"]) + "\r\n" + "".join(";".join([*(repr(x).replace(".", ",") for x in p), names[y]]) + "\r\n" for p, y in zip(P, Y)))
expect("excel_commas.csv", "", error="numbers with a decimal comma", hint="tr , . < excel_commas.csv | surprisal score -")

# A column of the label for each class; labels in a file of their own, so or as pandas
# writes a column, with the numbers of rows, which are here in another order.
table("onehot.csv", [*["true_" + n for n in names], *["pred_" + n for n in names]], [[*(int(y == k) for k in range(3)), *p] for p, y in zip(P, Y)])
expect("onehot.csv", "probabilities of 3 classes (pred_setosa … pred_virginica); labels are shares of classes (true_setosa", iris_score, N, differs=True)
table("onehot_labels.csv", ["", *names[::-1]], [[i, *(int(y == k) for k in (2, 1, 0))] for i, y in enumerate(Y)])
expect("kaggle_submission.csv", "", error='label "setosa" is none of the classes, which are 1, 2, 3', flags="--labels onehot_labels.csv")
expect("sklearn_names.csv", "labels from another file, matched by name", iris_score, N, "--labels onehot_labels.csv")
expect("onehot_labels.csv", "", error="no columns of predictions found")
table("series_labels.csv", ["", "0"], [[i, Y[i]] for i in range(N)])
expect("sklearn_numbers.csv", "labels from another file, matched by name", iris_score, N, "--labels series_labels.csv")
expect("series_labels.csv", "", error="no columns of predictions found")

# BigQuery ML: classes with their probabilities, the likeliest first, as nested JSON;
# integers of labels come as text.
lines("bigquery.jsonl", [{"predicted_species": names[q], "predicted_species_probs":
                          [{"label": names[k], "prob": p[k]} for k in sorted(range(3), key=lambda k: -p[k])],
                          "sepal_length": 5.5, "species": names[y]} for p, y, q in zip(P, Y, pred)])
bigquery = "BigQuery ML; probabilities of 3 classes (predicted_species_probs.setosa … predicted_species_probs.virginica); label from \"species\""
expect("bigquery.jsonl", bigquery, iris_score, N)
lines("bigquery_integers.jsonl", [{"predicted_buys": str(int(q > 0.5)), "predicted_buys_probs":
                                   [{"label": str(k), "prob": float(t[k])} for k in sorted((0, 1), key=lambda k: -float(t[k]))],
                                   "buys": str(b)} for q, t, b in zip(Q, two, B)])
expect("bigquery_integers.jsonl", "BigQuery ML; probabilities of 2 classes", two_score, M)

# Hugging Face's pipelines, the likeliest class first: a list of classes for each text;
# zero-shot classification, with classes and scores in lists of their own. Vertex AI
# has such lists, too, in any order.
best = [sorted(range(3), key=lambda k: -p[k]) for p in P]
with open(os.path.join(out, "hf_pipeline.json"), "w") as f:
    json.dump([[{"label": f"LABEL_{k}", "score": p[k]} for k in order] for p, order in zip(P, best)], f)
    f.write("\n")
lines("hf_pipeline.jsonl", [[{"label": names[k], "score": p[k]} for k in order] for p, order in zip(P, best)])
table("hf_labels.csv", ["id", "label"], [[i, names[y]] for i, y in enumerate(Y)])
expect("hf_pipeline.json", "probabilities of 3 classes", iris_score, N, "--labels savetxt_labels.txt", differs=True)
expect("hf_pipeline.jsonl", "labels from another file, matched by name", iris_score, N, "--labels hf_labels.csv", differs=True)
expect("hf_labels.csv", "", error="no columns of predictions found")
lines("hf_zero_shot.jsonl", [{"sequence": "x", "labels": [names[k] for k in order], "scores": [p[k] for k in order], "gold": names[y]} for p, order, y in zip(P, best, Y)])
expect("hf_zero_shot.jsonl", "label from \"gold\", matched by name; ignored: sequence, labels", iris_score, N, differs=True)
lines("vertex.jsonl", [{"instance": {"rows": "1", "species": names[y]}, "prediction": {"scores": [p[k] for k in order], "classes": [names[k] for k in order]}}
                       for p, order, y in zip(P, best[1:] + best[:1], Y)])
expect("vertex.jsonl", "label from \"instance.species\", which names the classes, matched by name; ignored: instance.rows, prediction.classes", iris_score, N, differs=True)

# Spark ML writes vectors; SageMaker's and TensorFlow's servers arrays; pandas whole tables.
lines("spark.jsonl", [{"label": float(y), "rawPrediction": {"type": 1, "values": [float(mpmath.log(x)) for x in p]},
                       "probability": {"type": 1, "values": p}, "prediction": float(q)} for p, y, q in zip(P, Y, pred)])
expect("spark.jsonl", "probabilities of 3 classes (probability.0 … probability.2); label from \"label\", matched by name", iris_score, N)
lines("arrays.jsonl", P)
expect("arrays.jsonl", "probabilities of 3 classes (0 … 2); labels from another file", iris_score, N, "--labels savetxt_labels.txt")
lines("tensorflow_serving.json", [{"predictions": P}])
expect("tensorflow_serving.json", "", error="one record that holds an array of records", hint="jq -c '.predictions[]' tensorflow_serving.json | surprisal score -")
lines("pandas_columns.json", [{n: {str(i): p[k] for i, p in enumerate(P)} for k, n in enumerate(names)}])
expect("pandas_columns.json", "", error="one record that holds whole columns", hint="zip(*map(dict.values, d.values()))]\" | surprisal score -")
lines("pandas_index.json", [{str(i): dict(zip(names, p)) | {"y": names[y]} for i, (p, y) in enumerate(zip(P, Y))}])
expect("pandas_index.json", "", error="one record that holds whole rows", hint="jq -c '.[]' pandas_index.json | surprisal score -")

# Hugging Face datasets: labels are numbers whose names are in the metadata; −1 is no label.
hf = [{"id": i, "label": -1 if i == 4 else y, "prediction": q, "probs": p} for i, (p, y, q) in enumerate(zip(P, Y, pred))]
lines("hf_dataset.jsonl", hf)
hf_score = score([p[y] for i, (p, y) in enumerate(zip(P, Y)) if i != 4])
for file in "hf_dataset.parquet", "hf_dataset.arrow":
    expect(file, "Hugging Face dataset; probabilities of 3 classes (probs.setosa … probs.virginica); label from \"label\", matched by name; ignored: prediction",
           hf_score, N - 1, invalid={"no label": 1})
expect("hf_dataset.jsonl", "", error="label \"-1\" has no column")
expect("bigquery.parquet", bigquery, iris_score, N)
expect("bigquery_integers.parquet", "BigQuery ML; probabilities of 2 classes", two_score, M)

# lighteval: log-likelihoods of choices; one right answer as a number or as a list; several
# right answers cannot be scored; a document with fewer choices.
light = [
    ([-3.5, -1.25, -7.0], 1), ([-0.5, -4.0, -1.5], [2]), ([-5.0, -6.0, -0.125, -2.0], 0), ([-2.0, -2.5, -2.25], 2),
]
for several in False, True:
    docs = [([-3.0, -1.0], [0, 1])] if several else []
    lines("lighteval_lists.jsonl" if several else "lighteval.jsonl", [
        {"doc": {"id": f"q{i}", "query": "Q", "choices": [chr(65 + k) for k in range(len(lp))], "gold_index": ([g] if isinstance(g, int) else g) if several else (g if isinstance(g, int) else g[0]), "task_name": "t"},
         "metric": {"acc": 1.0}, "model_response": {"text": [], "logprobs": lp, "argmax_logits_eq_gold": [False] * len(lp)}}
        for i, (lp, g) in enumerate(light + docs)])
light_score = score([softmax(lp, g if isinstance(g, int) else g[0]) for lp, g in light])
for kind in "jsonl", "parquet":
    expect(f"lighteval.{kind}", "lighteval details, several choices; logits of 4 classes", light_score, len(light))
    expect(f"lighteval_lists.{kind}", "lighteval details, several choices; logits of 4 classes", light_score, len(light),
           notes=["documents with several right answers, left out: 1"])
tokens = [[-1.5, -0.25, -3.0], [-0.125, -2.0]]
lines("lighteval_perplexity.jsonl", [{"__doc__": {"id": str(i), "query": "", "choices": ["text"], "gold_index": 0}, "__model_response__": {"logprobs": lp}}
                                     for i, lp in enumerate(tokens)])
for kind in "jsonl", "parquet":
    expect(f"lighteval_perplexity.{kind}", "lighteval details, perplexity; log-probability of what happened (logprob)",
           -mpmath.fsum(map(mpmath.fsum, tokens)) / 5, 5)


# NumPy and safetensors: arrays side by side.
def npy(a):
    b = io.BytesIO()
    np.lib.format.write_array(b, np.ascontiguousarray(a), allow_pickle=False)
    return b.getvalue()


def archive(name, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(os.path.join(out, name), "w", method) as z:
        for n, b in members:
            info = zipfile.ZipInfo(n, (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            z.writestr(info, b)


logits = [[float(mpmath.log(mpmath.mpf(x)) + 3) for x in p] for p in P]
logit_score = score([softmax(z, y) for z, y in zip(logits, Y)])
archive("arrays_logits.npz", [("logits.npy", npy(np.array(logits))), ("labels.npy", npy(np.array(Y)))])
expect("arrays_logits.npz", "logits of 3 classes (logits.0 … logits.2); label from \"labels\", matched by name", logit_score, N)
archive("arrays_probs.npz", [("probs.npy", npy(np.array(P))), ("y_true.npy", npy(np.array(Y)))], zipfile.ZIP_DEFLATED)
expect("arrays_probs.npz", "probabilities of 3 classes (probs.0 … probs.2); label from \"y_true\", matched by name", iris_score, N)
archive("arrays_pred.npz", [("y_pred.npy", npy(np.array(Q))), ("y_true.npy", npy(np.array(B, dtype=np.int8)))])
expect("arrays_pred.npz", "probability of \"1\" (y_pred); label from \"y_true\"", cancer_score, M)
archive("arrays_onehot.npz", [("y_pred.npy", npy(np.array(P))), ("y_test.npy", npy(np.eye(3)[Y]))])
expect("arrays_onehot.npz", "probabilities of 3 classes (y_pred.0 … y_pred.2); labels are shares of classes (y_test.0, y_test.1, y_test.2)", iris_score, N, differs=True)
archive("arrays_sigmoid.npz", [("y_pred.npy", npy(np.array(Q)[:, None])), ("y_true.npy", npy(np.array(B)[:, None]))])
expect("arrays_sigmoid.npz", 'probability of "1" (y_pred.0); label from "y_true.0"', cancer_score, M)
archive("arrays_both.npz", [("logits.npy", npy(np.array(logits))), ("probs.npy", npy(np.array(P))), ("labels.npy", npy(np.array(Y)))])
expect("arrays_both.npz", "", error="several sets of value columns", hint="--logits 'logits.*' or --probs 'probs.*'")
expect("arrays_both.npz", "logits of 3 classes", logit_score, N, ["--logits", "logits.*"])
# What the trainer of Hugging Face gives.
archive("arrays_label_ids.npz", [("predictions.npy", npy(np.array(logits))), ("label_ids.npy", npy(np.array(Y)))])
expect("arrays_label_ids.npz", "logits of 3 classes (predictions.0 … predictions.2); label from \"label_ids\", matched by name", logit_score, N)
# PyTorch leaves the label -100 out of its losses.
masked = [-100 if i % 4 == 1 else y for i, y in enumerate(Y)]
kept = [(z, y) for z, y in zip(logits, masked) if y >= 0]
archive("arrays_masked.npz", [("logits.npy", npy(np.array(logits))), ("labels.npy", npy(np.array(masked)))])
expect("arrays_masked.npz", "matched by name; −100 is no label", score([softmax(z, y) for z, y in kept]), len(kept), invalid={"no label": N - len(kept)})


def tensors(name, **arrays):
    types = {"float64": "F64", "float32": "F32", "int64": "I64", "uint16": "BF16"}
    head, body = {}, b""
    for n, a in arrays.items():
        head[n] = {"dtype": types[str(a.dtype)], "shape": list(a.shape), "data_offsets": [len(body), len(body) + a.nbytes]}
        body += a.tobytes()
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(out, name), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + body)


def brain(a):
    """bfloat16: the upper half of float32, rounded to even."""
    bits = np.array(a, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


tensors("tensors_logits.safetensors", logits=np.array(logits), labels=np.array(Y))
expect("tensors_logits.safetensors", "logits of 3 classes (logits.0 … logits.2); label from \"labels\", matched by name", logit_score, N)
bf = (brain(P).astype(np.uint32) << 16).view(np.float32)
tensors("tensors_bf16.safetensors", probs=brain(P), labels=np.array(Y)[:, None])
expect("tensors_bf16.safetensors", "probabilities of 3 classes (probs.0 … probs.2); label from \"labels.0\", matched by name",
       score([float(p[y]) for p, y in zip(bf, Y)]), N)


tensors("tensors_probs.safetensors", probs=np.array(P), labels=np.array(Y))
expect("tensors_probs.safetensors", "probabilities of 3 classes (probs.0 … probs.2)", iris_score, N)

# The same table in every plain format.
plain = "probabilities of 3 classes (p_setosa … p_virginica); label from \"label\", matched by name"
columns = ["label", *["p_" + n for n in names]]
rows = [[names[y], *p] for p, y in zip(P, Y)]
table("plain.csv", columns, rows)
table("plain.tsv", columns, rows, "\t")
lines("plain.jsonl", [dict(zip(columns, r)) for r in rows])
with open(os.path.join(out, "plain.json"), "w") as f:
    json.dump([dict(zip(columns, r)) for r in rows], f, indent=1)
with open(os.path.join(out, "plain.csv"), "rb") as f:
    text = f.read()
with open(os.path.join(out, "plain.csv.gz"), "wb") as f:
    f.write(gzip.compress(text, mtime=0))
with open(os.path.join(out, "plain.csv.zst"), "wb") as f:
    f.write(stored_zstd(text))
for kind in "csv", "tsv", "jsonl", "json", "csv.gz", "csv.zst", "parquet", "arrow":
    expect("plain." + kind, plain, iris_score, N)
with open(os.path.join(out, "plain.npy"), "wb") as f:
    f.write(npy(np.array(P)))
with open(os.path.join(out, "plain_labels.npy"), "wb") as f:
    f.write(npy(np.array(Y)))
expect("plain.npy", "", error="no label column found", hint="--labels FILE")
expect("plain.npy", "labels from another file, numbers of columns, from 0", iris_score, N, "--labels plain_labels.npy")
with open(os.path.join(out, "onehot_labels.npy"), "wb") as f:
    f.write(npy(np.eye(3, dtype=np.float32)[Y]))
expect("plain.npy", "labels from another file, numbers of columns, from 0", iris_score, N, "--labels onehot_labels.npy")
expect("onehot_labels.npy", "", error="no label column found", hint="--labels FILE")
expect("plain_labels.npy", "", error="one column of numbers, and no labels", hint="--labels FILE")
expect("plain_labels.npy", "", flags="--labels plain_labels.npy", error="whole numbers, which are the class that was predicted", hint="--prob 1 takes 0 and 1")

# Inspect: a packed log, deflated; with zstd inside (frames of stored blocks, which need no
# library); of a run that did not end; log-probabilities of prompts, which vLLM gives.
def token(text, lp):
    return {"token": text, "logprob": lp, "bytes": list(text.encode())}


def sample(i, answer, prompt=None):
    choice = {"message": {"role": "assistant", "content": "A"}, "stop_reason": "stop"}
    if answer:
        choice["logprobs"] = {"content": answer}
    if prompt:
        choice["prompt_logprobs"] = {"content": prompt}
    return {"id": i, "epoch": 1, "input": "Q", "target": "A", "messages": [], "output": {"model": "m", "choices": [choice], "completion": "A"}, "scores": {}}


def zip_of(name, members, method):
    """An archive written by hand, as Python's has no zstd."""
    import zlib
    body, central = b"", b""
    for n, b in members:
        packed = stored_zstd(b) if method == 93 else b
        fields = struct.pack("<HHHHHIIIHH", 63, 0, method, 0, 33, zlib.crc32(b), len(packed), len(b), len(n), 0)
        central += b"PK\x01\x02" + struct.pack("<H", 63) + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + n.encode()
        body += b"PK\x03\x04" + fields + n.encode() + packed
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(central), len(body), 0)
    with open(os.path.join(out, name), "wb") as f:
        f.write(body + central + end)


answers = [sample("s1", [token("A", -0.5), token(" é", -1.25)]), sample(2, None), sample(3, [token("B", -2.0), token("!", -9999.0)])]
start = {"version": 2, "eval": {"task": "t", "model": "m"}, "plan": {"name": "plan", "steps": [], "config": {"temperature": 0.7, "logprobs": True}}}
header = start | {"status": "success", "results": {}, "stats": {}}


def log(samples, head, journal):
    members = [("_journal/start.json", journal)] + [(f"samples/{s['id']}_epoch_1.json", s) for s in samples]
    members += [("_journal/summaries/1.json", [{"id": 1}])]
    if head:
        members += [("summaries.json", [{"id": 1}]), ("header.json", head)]
    return [(n, json.dumps(m, indent=2).encode()) for n, m in members]


drawn = "drawn with temperature 0.7"
archive("inspect.eval", log(answers, header, start), zipfile.ZIP_DEFLATED)
expect("inspect.eval", "eval: Inspect log; log-probability of what happened (logprob)", "1.25", 3, self_scored=True, invalid={"censored": 1},
       notes=["answers without log-probabilities, left out: 1", drawn])
zip_of("inspect_zstd.eval", log(answers, header, start), 93)
expect("inspect_zstd.eval", "eval: Inspect log; log-probability of what happened (logprob)", "1.25", 3, self_scored=True, invalid={"censored": 1}, notes=[drawn])
archive("inspect_unfinished.eval", log(answers[:1], None, start), zipfile.ZIP_DEFLATED)
expect("inspect_unfinished.eval", "eval: Inspect log", "0.875", 2, self_scored=True, notes=['its status is "started"'])
archive("inspect_prompt.eval", log([sample(1, [token("A", -0.5)], [token("Q", -4.0), token("?", -1.0)])], header, start), zipfile.ZIP_DEFLATED)
expect("inspect_prompt.eval", "eval: Inspect log; log-probability of what happened (logprob)", "2.5", 2, self_scored=False,
       notes=["tokens of the prompt", "generated tokens after the prompt, left out: 1"])

# What make_systems.py writes.
chat = [-0.125, -2.5, -1.0, -3e-05, -0.5, -0.75]
self = {"self_scored": True}


def logs(file, system, lps, **more):
    expect(file, system, -mpmath.fsum(mpmath.mpf(x) for x in lps) / len(lps), len(lps), **more)


for file in "openai_chat.jsonl", "openai_chat_array.json":
    logs(file, "OpenAI chat completions", chat, **self, invalid={"censored": 1}, bound=True, notes=["answers without log-probabilities, left out: 1"])
logs("openai_chat.json", "OpenAI chat completions", chat[:2], **self, invalid={"censored": 1}, bound=True)
logs("openai_chat_chunks.jsonl", "OpenAI chat completions", [-0.5, -1.5], **self)
expect("openai_chat_no_logprobs.jsonl", "", error="OpenAI chat completions without log-probabilities", hint='"logprobs": true')
logs("openai_completions_echo.jsonl", "completions", [-5.5, -2.25, -4.0, -0.125], self_scored=False,
     notes=["first tokens, of which nothing is predicted, left out: 2", "generated tokens after the prompt, left out: 1"])
logs("openai_completions.jsonl", "completions", [-1.5, -0.25], **self)
logs("openai_responses.json", "OpenAI responses", [-0.25, -1.75], **self, notes=[drawn])
logs("openai_batch.jsonl", "OpenAI batch", chat[:5], **self, invalid={"censored": 1}, bound=True, notes=["failed requests, left out: 2"])
logs("vllm_completions_ids.jsonl", "completions", [-1.5, -0.25], **self)
logs("vllm_prompt.jsonl", "vLLM prompt_logprobs", [-7.5, -1.25, -0.5], self_scored=False, invalid={"censored": 1}, bound=True)
logs("vllm_prompt_chat.jsonl", "vLLM prompt_logprobs", [-3.5], self_scored=False)
expect("vllm_prompt_unknown.jsonl", "", error="2 tokens, and nothing says which of them is in the prompt", hint="return_token_ids")
logs("llamacpp.jsonl", "llama.cpp server", [-0.5, -1.25, -2.0], **self, notes=["drawn with temperature 0.8"])
logs("llamacpp_manual.jsonl", "llama.cpp server", [-0.75], **self)
expect("llamacpp_sampled.jsonl", "", error="probabilities after sampling", hint='"post_sampling_probs": false')
expect("llamacpp_old.jsonl", "", error="old builds of llama.cpp", hint="ask a build from 2025")
logs("ollama_stream.jsonl", "Ollama", [-0.5, -0.25, -1.5], **self)
logs("ollama.jsonl", "Ollama", [-0.5, -2.5], **self)
inf = float("inf")
expect("lmeval_choice.jsonl", "lm-eval samples, multiple_choice; logits of 4 classes",
       score([softmax([-3.5, -1.25, -7.0], 1), softmax([-0.5, -4.0, -1.5], 2), softmax([-5.0, -6.0, -0.125, -inf], 2)]), 3,
       notes=["further filters, left out: 2", "repeated records, left out: 1"])
expect("lmeval_mutual.jsonl", "lm-eval samples, multiple_choice", score([softmax([-1.0, -2.0], 0), softmax([-1.5, -2.5], 1)]), 2,
       notes=["the unconditional half of the requests is not used"])
expect("lmeval_ambiguous.jsonl", "", error="may be the number of an answer, and the text of another", hint="metric acc")
logs("lmeval_rolling.jsonl", "lm-eval samples, loglikelihood_rolling", [-123.4, -56.25],
     per={"word": mpmath.nstr(mpmath.mpf("179.65") / 31, 25), "byte": mpmath.nstr(mpmath.mpf("179.65") / 149, 25)})
logs("lmeval_loglikelihood.jsonl", "lm-eval samples, loglikelihood", [-1.5, -0.0625])
expect("lmeval_generated.jsonl", "", error="generated text, without log-likelihoods", hint="multiple_choice")
for file in "inspect_log.json", "inspect_samples.jsonl":
    logs(file, "Inspect log", [-0.5, -1.25], **self, notes=["answers without log-probabilities, left out: 1"])


def per(lps, texts):
    """Per byte of what the tokens spell."""
    return {"byte": mpmath.nstr(-mpmath.fsum(mpmath.mpf(x) for x in lps) / sum(len(t.encode()) for t in texts), 25)}


prompt = {"self_scored": False}
logs("sglang.json", "SGLang", [-2.5, -7.125, -1.0], **prompt, per=per([-2.5, -7.125, -1.0], ["The", " chât", "No"]),
     notes=["tokens of the prompt", "first tokens, of which nothing is predicted, left out: 2", "generated tokens after the prompt, left out: 3"])
logs("sglang_drawn.jsonl", "SGLang", [-0.5, -3.0, -1.0], **self)
expect("sglang_none.jsonl", "", error="SGLang without log-probabilities", hint='"return_logprob": true')
logs("tgi.json", "TGI", [-4.0, -1.5], **prompt, per=per([-4.0, -1.5], ["The", " é"]), notes=["generated tokens after the prompt, left out: 1"])
logs("tgi_drawn.jsonl", "TGI", [-0.5, -0.25, -2.0], **self, per=per([-0.5, -0.25, -2.0], [" on", " é"]))
logs("gemini.jsonl", "Gemini", [-0.25, -1.25, -3.0], **self, per=per([-0.25, -1.25, -3.0], ["Hi", " you", "é"]))
logs("vllm_outputs.jsonl", "vLLM prompt_logprobs", [-3.5, -1.25, -2.0], **prompt, invalid={"censored": 1}, bound=True,
     per=per([-3.5, -1.25, -2.0], ["The", " cat", "é"]), notes=["tokens of the prompt", "first tokens, of which nothing is predicted, left out: 2"])
logs("vllm_outputs_drawn.jsonl", "vLLM outputs", [-0.5, -2.25, -1.0], **self, per=per([-0.5, -2.25, -1.0], [" é319", " é278", " é319"]))
logs("vllm_outputs_numbers.jsonl", "vLLM prompt_logprobs", [-2.0, -0.25, -5.0], **prompt)
logs("vllm_chat_ids.jsonl", "OpenAI chat completions", [-1.5, -0.25], **self)
logs("openai_wrapped.jsonl", 'in "response": OpenAI chat completions', [-0.125, -2.5, -0.75], **self, invalid={"censored": 1}, bound=True,
     notes=["failed requests, left out: 1"])
logs("openai_failed.jsonl", "OpenAI chat completions", chat[:5], **self, invalid={"censored": 1}, bound=True, notes=["failed requests, left out: 2"])
expect("openai_errors.jsonl", "", error='no answers, but errors of a service: "slow down"')
logs("openai_choices.jsonl", "lists of tokens", [-0.125, -2.5, -0.75], **self, invalid={"censored": 1}, bound=True)
logs("openai_choice_logprobs.json", "lists of tokens", [-0.125, -2.5], **self, invalid={"censored": 1}, bound=True,
     per=per([-0.125, -2.5], ["Hello", " wörld"]))
logs("openai_langchain.jsonl", "lists of tokens", [-0.125, -2.5], **self, invalid={"censored": 1}, bound=True)
logs("openai_wrapped_deep.jsonl", 'in "result.answer": OpenAI chat completions', [-0.75], **self, notes=["failed requests, left out: 1"])
logs("llamacpp_completions.json", "OpenAI chat completions", [-0.5, -1.25], **self, per=per([-0.5, -1.25], [" a", " é"]))
expect("llamacpp_none.json", "", error="llama.cpp server without probabilities", hint='"n_probs": 1')
expect("lmeval_contexts.jsonl", "lm-eval samples, multiple_choice; logits of 2 classes", score([softmax([-5.5, -4.25], 1), softmax([-3.0, -7.5], 1)]), 2)
expect("lmeval_contexts_unknown.jsonl", "", error="the same answer to every request", hint="metric acc")
logs("openai_completions_prompts.json", "completions", [-7.25, -0.125, -3.0], **prompt, per=per([-7.25, -0.125, -3.0], [" cat", "é", "!"]))
logs("openai_responses_events.jsonl", 'in "response": OpenAI responses', [-0.25], **self)
expect("lmeval_shares.jsonl", "", error="acc: 0.4375, a share", hint="truthfulqa_mc1")
logs("vllm_prompt_one.jsonl", "vLLM prompt_logprobs", [-1.5, -0.25, -5.5], **prompt, per=per([-1.5, -0.25, -5.5], ["hi", " you", "é"]))
logs("token_lists.jsonl", "lists of log-probabilities (logprobs)", [-2.5, -0.125, -1.0, -4.0, -0.5], **prompt,
     per=per([-2.5, -0.125, -1.0, -4.0, -0.5], ["The", " cat", "é", "!", " x"]), notes=["first tokens, of which nothing is predicted, left out: 2"])
logs("token_lists_bare.json", "lists of log-probabilities (token_logprobs)", [-2.5, -0.125, -1.0], **prompt)
expect("lmeval_numbers.jsonl", "", error="generated text, without log-likelihoods", hint="multiple_choice")
expect("lmeval_results.json", "", error="the results of lm-eval, which are means over tasks", hint="--log_samples")
expect("trainer_state.json", "", error="the state of a training run")
expect("trainer_log.jsonl", "", error='beside "grad_norm" it looks like the log of a training run', hint="--nll loss")
expect("trainer_eval.json", "", error="the mean loss of a data set, by its name", hint="numpy.savez")
expect("openai_requests.jsonl", "", error="the requests of a batch, and not its answers", hint="output file")
expect("openai_stream.txt", "", error="a stream of server-sent events", hint="sed -n")

with open(os.path.join(here, "systems.json"), "w", encoding="utf-8", newline="\n") as f:
    json.dump(expected, f, indent=1, ensure_ascii=False)
    f.write("\n")
