"""Exports a trained model: python -m export.export --run=runs/demo

Writes a SavedModel and a TFLite file with a README that says how to call them, each compared with
the model first (`export.writer`).
"""

import pathlib
import sys

from absl import flags

try:
    import keras_vae
except ImportError as error:  # Versions don't fit together: one line instead of a traceback.
    sys.exit(f"error: {error}")

from export import precision, pruning, web_page, writer
from export.parity import ParityError
from keras_vae import command_line
from keras_vae.config import Config
from keras_vae.files import read_json
from keras_vae.runs import loading, run_data, saved_checkpoints

FLAGS = flags.FLAGS
_NUM_EXAMPLES = 1000  # test images by which files are measured, training images they are fitted to


def main() -> None:
    run_directory = pathlib.Path(FLAGS.run)
    path = pathlib.Path(FLAGS.out or run_directory / "export")
    with command_line.checking_input():
        writer.check_target(path)
        options = {
            "formats": FLAGS.formats,
            "precisions": FLAGS.precision,
            "batch_sizes": FLAGS.batch_sizes and _whole_numbers("batch_sizes", FLAGS.batch_sizes),
            "web": FLAGS.web,
        }
        writer.check_options(**options)
        options |= {"max_error": FLAGS.max_error, "max_nll_change": FLAGS.max_nll_change}
        if run_directory.is_dir():
            found = loading.find_checkpoint(run_directory)
            origin = saved_checkpoints.origin(found)
            vae = loading.load_checkpoint(run_directory, found)
            writer.check_served(vae, FLAGS.precision)
            options["described"] = loading.read_config_json(run_directory) | {"exported": origin}
            wanted = Config.from_dict(options["described"]["config"]).model.prior
            if vae.prior is None and wanted != "none":
                raise ValueError(
                    f"run={run_directory} has no prior yet that is fitted to these weights. First "
                    f"run: python -m trainers.evaluate --run={run_directory}"
                )
            measured = run_directory / "evaluation.json"
            evaluation = read_json(measured) if measured.exists() else {}
            if evaluation.get("step") == origin["step"]:  # Another step has other weights.
                options["evaluation"] = evaluation
            if FLAGS.web or FLAGS.prune_latents or FLAGS.precision != ["float32"]:
                config, dataset = run_data.load_config_and_data(run_directory)
                options["examples"], options["fitted_to"] = (
                    run_data.first_examples(config, dataset, _NUM_EXAMPLES, split)
                    for split in ("test", "train")
                )
        else:
            vae = keras_vae.load(run_directory)
            writer.check_served(vae, FLAGS.precision)
            if FLAGS.prune_latents:
                raise ValueError(
                    "prune_latents needs a run directory, whose data tells what is dead."
                )
        if FLAGS.web:
            vae.modality.check_page(vae)
    try:
        with command_line.checking_input():
            if FLAGS.prune_latents:
                limit = pruning.MAX_LOSS if FLAGS.max_nll_change is None else FLAGS.max_nll_change
                vae, options["pruned"] = pruning.prune(vae, config, options["fitted_to"], limit)
                options.pop("evaluation", None)  # The evaluation measured all latents.
                left = config.replace(latent_dim=options["pruned"]["latents"])
                options["described"]["config"] = left.to_dict()
            report = writer.write(vae, path, told=_say, **options)
    except ParityError as error:
        command_line.fail(error, code=1)
    if FLAGS.prune_latents:
        print(
            "{latents} of {latents_before} latents, ELBO {elbo_change:+.4f}".format(
                **report["pruned"]
            )
        )
    for name, content in report["artefacts"].items():
        errors = [
            output["max_error"]
            for signature in content["signatures"].values()
            for output in signature["outputs"].values()
            if "max_error" in output
        ]
        print(f"{path / name}: {content['bytes']:,} bytes, largest error {max(errors):.1e}")
        for key, value in content.get("data", {}).items():
            print(f"  {key}: {value:.4g}" if value is not None else f"  {key}: none")
        print(f"  signatures: {', '.join(content['signatures'])}")
    if FLAGS.web:
        print(web_page.told(path))
    print(f"{path / 'README.md'}: how to call them")
    if report["refused"]:
        command_line.fail(" ".join(report["refused"].values()), code=1)


def _say(file):
    print(f"Writing {file} and comparing it with the model", flush=True)


def _whole_numbers(name, texts):
    if not texts or not all(text.isdecimal() and int(text) for text in texts):
        raise ValueError(
            f"{name} must be whole numbers from 1 on, as in 1,16; got {','.join(texts)}."
        )
    return [int(text) for text in texts]


def _define_flags():
    flags.DEFINE_string("run", None, "run directory, or a .keras file", required=True)
    flags.DEFINE_string("out", None, "folder to write; default: export in the run directory")
    flags.DEFINE_list("formats", ["savedmodel", "tflite"], "what to write")
    flags.DEFINE_list(
        "precision", ["float32"], f"of TFLite files, of {', '.join(precision.PRECISIONS)}"
    )
    flags.DEFINE_float(
        "max_error",
        None,
        "largest error of a pixel's mean, in place of each precision's own",
        lower_bound=0.0,
    )
    flags.DEFINE_float(
        "max_nll_change",
        None,
        "nats that real images may lose, in place of each precision's own",
        lower_bound=0.0,
    )
    flags.DEFINE_bool("web", False, "write page.html too, which draws images in a browser")
    flags.DEFINE_bool("prune_latents", False, f"leave out latents of less than {pruning.DEAD} nats")
    flags.DEFINE_list(
        "batch_sizes",
        None,
        "of the signatures of generator.tflite; default: 1,16, and 1 of models with layers of maps",
    )


def run() -> None:
    """The command keras-vae-export."""
    _define_flags()
    command_line.run(main)


if __name__ == "__main__":
    run()
