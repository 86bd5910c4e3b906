"""What drawn rows of UCI Adult are worth: python benchmarks/adult.py --train=A.csv --test=B.csv

Trains on UCI Adult, draws as many rows as there are to train on, and measures them: one JSON line
for each seed. It has the NLL of a test row beside that of every rival, the quality of column shapes
and pair trends (as in SDMetrics) against the training rows, and F1 of ">50K" in the test rows, by
gradient boosting that learned from drawn rows and from real ones. The drawn rows are written beside
the run, where `benchmarks/adult_sdmetrics.py` measures them by SDMetrics itself.
"""

import json
import pathlib
import time

import numpy as np
from absl import flags
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import f1_score

import keras_vae
from keras_vae import command_line, runs
from keras_vae.columns.alikeness import shapes, trends
from keras_vae.tasks.table_samples import draw, quality, rows_of

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "train", None, "UCI Adult's training file, with names of columns", required=True
)
flags.DEFINE_string("test", None, "its test file", required=True)
flags.DEFINE_string("outcome", "outcome", "the name of the column of >50K")
flags.DEFINE_string("workdir", "runs/adult", "the folder of runs")
flags.DEFINE_integer("num_seeds", 3, "trainings", lower_bound=1)
flags.DEFINE_integer("epochs", None, "of each training; default: by the rows", lower_bound=1)
flags.DEFINE_integer("num_rows", None, "to draw, and to learn from; default: all", lower_bound=1)


def main() -> None:
    for seed in range(FLAGS.num_seeds):
        start = time.monotonic()
        given = {} if FLAGS.epochs is None else {"epochs": FLAGS.epochs}
        config = keras_vae.recipe(
            dataset=f"csv:{FLAGS.train}",
            test_data=f"csv:{FLAGS.test}",
            csv_options=("strip=.",),
            label=FLAGS.outcome,
            seed=seed,
            **given,
        )
        folder = pathlib.Path(FLAGS.workdir) / str(seed)
        run = runs.train(config, folder, tensorboard=False)
        row = {"seed": seed, "minutes": round((time.monotonic() - start) / 60.0, 1)}
        row |= {key: run.evaluation[key] for key in ("nll_nats", "nll_stderr", "rivals_nats")}
        print(json.dumps(row | of_rows(run, folder, seed)), flush=True)


def of_rows(run, folder, seed):
    """Quality and F1 of drawn rows."""
    columns = run.model.decoder.likelihood.columns
    n = FLAGS.num_rows or run.data.train.num_examples
    train, test = rows_of(run.data.train, n), rows_of(run.data.test, n)
    drawn = draw(run, len(train.x), seed)
    schema = run.model.modality.schema
    schema.decode(drawn.x).to_csv(folder / "drawn.csv", index=False)
    schema.decode(train.x, train.mask).to_csv(folder / "train.csv", index=False)
    (folder / "columns.json").write_text(json.dumps(schema.said()))
    by_shape, by_trend = shapes(columns, train, drawn), trends(columns, train, drawn)
    by_drawn, by_train = (f1_of_outcome(columns, rows, test, seed) for rows in (drawn, train))
    return {
        "quality": quality(by_shape, by_trend),
        "column_shapes": quality(by_shape),
        "column_pair_trends": quality(by_trend),
        "f1_by_drawn_rows": by_drawn,
        "f1_by_train_rows": by_train,
        "f1_ratio": by_drawn / by_train,
    }


def f1_of_outcome(columns, train, test, seed):
    """F1 of the outcome >50K in test rows, by gradient boosting that learned from `train`."""
    place = [column.name for column in columns].index(FLAGS.outcome)
    positive = [str(c).strip().startswith(">") for c in columns[place].categories].index(True)
    others = [i for i in range(len(columns)) if i != place]

    def split(rows):
        x = rows.x if rows.mask is None else np.where(rows.mask, rows.x, np.nan)
        return x[:, others], rows.x[:, place] == positive

    model = HistGradientBoostingClassifier(
        categorical_features=[columns[i].is_choice for i in others], random_state=seed
    )
    x, y = split(test)
    return float(f1_score(y, model.fit(*split(train)).predict(x)))


if __name__ == "__main__":
    command_line.run(main)
