"""A run's test data compressed without loss, which proves its likelihood: compression.json."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from keras_vae._compat import tfk
from keras_vae.compression import BitsBack, rival_sizes
from keras_vae.files import check_folder, read_npz, write_atomically, write_json, write_npz
from keras_vae.report import follow_ups
from keras_vae.report.printing import print_numbers
from keras_vae.runs import loading, run_data
from keras_vae.runs.run import Run

# The part of -ELBO by which the code may be longer, or shorter.
MAX_GAP = 0.02

_DECODE = (
    "import sys; from keras_vae.tasks.compressed_file import decode_run; decode_run(*sys.argv[1:])"
)


def compress(run: Run, out: pathlib.Path | None = None, codec: BitsBack | None = None) -> dict:
    """Writes the compressed test examples and compression.json, and prints the numbers.

    Another process decodes the file, and what it finds is compared.

    Args:
      run: a `Run`.
      out: where the compressed file goes; RUN/compressed.bin if None.
      codec: of the run's model, if it has been made.

    Returns:
      The content of compression.json: `bits_per_dim` of the code, without `initial_bits` and the
      file's header; `expected_bits_per_dim`, which is -ELBO; `gap`, by how much of that the code is
      longer; `file_bits_per_dim` and `file_bytes` of the whole file, to which the `rivals` compare;
      `decoded_exactly`; and what was compressed. Decoding's seconds include its process' start.
    """
    if run.data.test.mask is not None:
        raise ValueError(
            f"run={run.path}: values of its data are unknown, and a compressed file holds all "
            "values. Compress data of which all are known."
        )
    codec = codec or BitsBack(run.model)
    out = pathlib.Path(out or run.path / "compressed.bin")
    check_target(out)
    batches = run_data.evaluation_batches(run.config, run.data, "test", batch_size=1000)
    x = np.concatenate([batch.x for batch in batches])
    bar = tfk.utils.Progbar(len(x), unit_name="example")
    begin = time.perf_counter()
    content = codec.encode(x, progress=bar.update)
    write_atomically(out, content)
    encoded = time.perf_counter()
    images = _decode_elsewhere(run, out)
    decoded = time.perf_counter()
    levels_of_x = codec.to_levels(x)
    code_bits, expected_bits = codec.code_bits(content), codec.expected_bits(x)
    result = {
        "decoded_exactly": images is not None
        and np.array_equal(codec.to_levels(images), levels_of_x),
        "bits_per_dim": code_bits / x.size,
        "expected_bits_per_dim": expected_bits / x.size,
        "gap": code_bits / expected_bits - 1.0,
        "initial_bits": codec.initial_bits,
        "file_bits_per_dim": 8 * len(content) / x.size,
        "file_bytes": len(content),
        "seconds_encoding": encoded - begin,
        "seconds_decoding": decoded - encoded,
        "num_examples": len(x),
        **run.provenance,
    }
    rivals = {
        name: size and {"bits_per_dim": 8 * size.num_bytes / x.size, **size._asdict()}
        for name, size in rival_sizes(levels_of_x, codec.levels).items()
    }
    shown = {
        name: rival and f"{rival['bits_per_dim']:.4f} bits per dim, of {rival['form']}"
        for name, rival in rivals.items()
    }
    print_numbers(result | shown)
    result["rivals"] = rivals
    write_json(run.path / "compression.json", result)
    follow_ups.refresh(run.path)
    return result


def problem(result: dict) -> str | None:
    """What is wrong with the content of compression.json, if anything is."""
    if not result["decoded_exactly"]:
        return "what was decoded isn't the test split."
    if abs(result["gap"]) > MAX_GAP:
        return (
            f"the code's length is {result['gap']:+.1%} off -ELBO; {MAX_GAP:.0%} were allowed. "
            f"With {result['num_examples']} examples chance counts: take a larger test set."
        )
    return None


def decode(codec: BitsBack, file: pathlib.Path, out: pathlib.Path) -> None:
    """Writes the images of a compressed file to an npz file, as its array x.

    Raises:
      ValueError, OSError: the file can't be read, or isn't one of the codec's model.
    """
    if not file.is_file():
        raise FileNotFoundError(f"decode={file} isn't there. Give a file of trainers.compress.")
    compressed = file.read_bytes()
    check_target(out)
    write_npz(out, {"x": codec.decode(compressed)})


def decode_run(
    run: str | pathlib.Path, checkpoint: str, file: str | pathlib.Path, out: str | pathlib.Path
) -> None:
    """`decode`, by the model of a run directory's checkpoint."""
    codec = BitsBack(loading.load_model(run, checkpoint))
    decode(codec, pathlib.Path(file), pathlib.Path(out))


def check_target(out: pathlib.Path) -> None:
    """Raises ValueError or OSError unless a file may be written there."""
    if out.is_dir() or not out.parent.is_dir():
        raise ValueError(f"out={out} can't be written: give a file in a folder that exists.")
    check_folder("out", out.parent)


def _decode_elsewhere(run, file):
    """The images that another process decodes from the file, or None."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "x.npz")
        arguments = [run.path, run.provenance["checkpoint"], file, out]
        done = subprocess.run(
            [sys.executable, "-c", _DECODE, *map(str, arguments)],
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},  # GPUs may compute other numbers.
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
            return None
        return read_npz(out)["x"]
