"""Prints what a table's columns are taken for: python -m trainers.schema --dataset=csv:rows.csv

Written to a file and changed, it says what they are: trainers.train --schema=columns.json
"""

import json
import sys

from absl import flags

import keras_vae
from keras_vae import command_line

FLAGS = flags.FLAGS
flags.DEFINE_string("dataset", None, "csv:/path or parquet:/path", required=True)
flags.DEFINE_list("csv_options", [], "how files are read, as trainers.train takes it")
flags.DEFINE_string("schema", None, "a JSON file of the kinds of some of the columns")


def main() -> None:
    with command_line.checking_input():
        found, notes = keras_vae.data.read_schema(FLAGS.dataset, FLAGS.schema, FLAGS.csv_options)
    for note in notes:  # What is printed may be written to a file.
        print("Note:", note, file=sys.stderr)
    print(json.dumps(found.said(), indent=1, ensure_ascii=False))


def run() -> None:
    """The command keras-vae-schema."""
    command_line.run(main)


if __name__ == "__main__":
    run()
