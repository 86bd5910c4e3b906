"""Writes a run's report: python -m trainers.report --run=runs/demo

While the run trains, --watch keeps the report up to date.
"""

from absl import flags

from keras_vae import command_line, report

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "the run directory", required=True)
flags.DEFINE_bool(
    "watch",
    False,
    "write the report anew after each epoch, until training ends or Ctrl-C; the page loads itself "
    "anew",
)


def main() -> None:
    with command_line.checking_input():
        path = (report.watch if FLAGS.watch else report.write)(FLAGS.run)
    print("Report:", path)


def run() -> None:
    """The command keras-vae-report."""
    command_line.run(main)


if __name__ == "__main__":
    run()
