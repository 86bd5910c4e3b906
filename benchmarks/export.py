"""Exported generators: python -m benchmarks.export --runs=runs/mlp,runs/conv,runs/ladder

Run it as a module: as a script its name would hide the package `export`.

Of each run, one JSON line: milliseconds of a call in LiteRT on one thread, by the SavedModel, by
Keras and in the C client (medians of interleaved rounds); each precision's file beside float32's,
its error and what it loses on test images; and how soon a page is ready in Chromium. What is not
installed (gcc, Chromium, the page's runtime) is null.
"""

import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import ai_edge_litert
import numpy as np
from absl import flags
from ai_edge_litert.interpreter import Interpreter

import keras_vae
from export import web_page, writer
from keras_vae import command_line
from keras_vae._compat import tf
from keras_vae.runs import loading, run_data

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "run directories", required=True)
flags.DEFINE_integer("rounds", 20, "rounds, of which the median is taken", lower_bound=1)

ROOT = pathlib.Path(__file__).parents[1]
PRECISIONS = ("float32", "float16", "weight_int8", "dynamic_int8")
EXAMPLES = 1000
SECONDS = 0.02  # that a round of one call's repetitions takes, about
BATCH = 16


def main() -> None:
    for run in FLAGS.runs:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(row(pathlib.Path(run), pathlib.Path(folder) / "export")), flush=True)


def row(run, folder):
    vae = keras_vae.load(run)
    config, dataset = run_data.load_config_and_data(run)
    report = writer.write(
        vae,
        folder,
        precisions=PRECISIONS,
        batch_sizes=[1, BATCH],
        web=True,
        examples=run_data.first_examples(config, dataset, EXAMPLES),
        described=loading.read_config_json(run),
    )
    files = {content.get("precision"): content for content in report["artefacts"].values()}
    size = files["float32"]["bytes"]
    return {
        "run": run.name,
        "milliseconds": milliseconds(vae, folder),
        "files": {
            name: {
                "bytes": files[name]["bytes"],
                "ratio": round(files[name]["bytes"] / size, 3),
                "image_error": files[name]["signatures"][f"decode_{BATCH}"]["outputs"]["image"][
                    "max_error"
                ],
                "nll_change": files[name]["data"]["nll_change"],
            }
            for name in PRECISIONS
        },
        "page": page_ready(folder),
    }


def milliseconds(vae, folder):
    lite = Interpreter(str(folder / "generator.tflite"), num_threads=1)
    saved = tf.saved_model.load(str(folder / "saved_model"))
    z = np.random.default_rng(0).normal(size=(BATCH, vae.latent_dim)).astype(np.float32)
    seed = np.stack([np.full(BATCH, 7), np.arange(BATCH)], axis=1).astype(np.int32)
    calls = {}
    for n in (1, BATCH):
        decode = lite.get_signature_runner(f"decode_{n}")
        sample = lite.get_signature_runner(f"sample_{n}")
        some = tf.constant(z[:n])
        calls |= {
            f"litert_decode_{n}": lambda call=decode, n=n: call(z=z[:n]),
            f"litert_sample_{n}": lambda call=sample, n=n: call(seed=seed[:n]),
            f"savedmodel_decode_{n}": lambda some=some: saved.signatures["decode"](z=some),
            f"keras_decode_{n}": lambda some=some: vae.decode(some).mean(),
        }
    times = {name: [] for name in calls}
    for call in calls.values():  # The first call compiles.
        call()
    for _ in range(FLAGS.rounds):
        for name, call in calls.items():
            times[name].append(one(call))
    found = {name: round(1e3 * statistics.median(each), 4) for name, each in times.items()}
    return found | {f"c_sample_{BATCH}": c_client(folder)}


def one(call):
    """Seconds of a call, the mean of as many as fit into a round."""
    count, start = 0, time.perf_counter()
    while True:
        call()
        count += 1
        taken = time.perf_counter() - start
        if taken > SECONDS:
            return taken / count


def c_client(folder):
    library = pathlib.Path(ai_edge_litert.__path__[0])
    if shutil.which("gcc") is None or not (library / "libLiteRt.so").exists():
        return None
    program = folder / "sample"
    source = ROOT / "export" / "clients" / "c" / "sample.c"
    link = ["-L", library, "-l:libLiteRt.so", f"-Wl,-rpath,{library}"]
    subprocess.run(["gcc", "-O2", source, "-o", program, *link], check=True)
    command = [program, "-t", "200", folder / "generator.tflite", "7", folder / "out"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(re.search(r"([\d.]+) ms a run", done.stdout)[1])


def page_ready(folder):
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or shutil.which("node") is None or web_page.missing():
        return None
    script = ROOT / "tests" / "export" / "browser.mjs"
    command = ["node", script, folder / web_page.FILE, "1400", folder / "shot.png"]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"CHROMIUM": chromium},
    )
    model = os.path.getsize(folder / "generator.tflite")
    return {
        "ready_ms": round(json.loads(done.stdout)["ready"]),
        "bytes_beside_the_model": os.path.getsize(folder / web_page.FILE) - model,
    }


if __name__ == "__main__":
    command_line.run(main)
