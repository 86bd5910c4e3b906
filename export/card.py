"""The model card: what an export is, for programs and for people."""

import hashlib
import json
import os
import pathlib
import platform

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from export import compact
from keras_vae.likelihoods import Support
from keras_vae.vae import VAE

FILE = "model_card.json"

# [lowest, highest] of values of x; None where there is no bound.
_RANGES = {
    Support.BINARY: [0, 1],
    Support.UNIT: [0, 1],
    Support.LEVELS: [0, 1],
    Support.REAL: [None, None],
    Support.COUNTS: [0, None],
}

_LICENCES = {
    "digits": "CC BY 4.0 (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository)",
    "mnist": "CC BY-SA 3.0 (Y. LeCun and C. Cortes)",
    "fashion_mnist": "MIT (Zalando SE)",
}


def card(vae: VAE, report: dict, described: dict | None, evaluation: dict | None) -> dict:
    """The content of model_card.json, all but the files' hashes; see model_card.schema.json.

    Args:
      vae: the model.
      report: the content of parity.json.
      described: the run's config.json, or None.
      evaluation: the run's evaluation.json, or None.
    """
    data, measured = (described or {}).get("data"), evaluation or {}
    values = _RANGES[vae.decoder.likelihood.support]
    return {
        "format": 1,
        "recipe": described and described["config"]["recipe"],
        "event_shape": list(vae.event_shape),
        "latent_dim": vae.latent_dim,
        "likelihood": type(vae.decoder.likelihood).__name__,
        "condition": report["condition"],
        "pruned": report["pruned"],
        "ranges": {
            "image": values,
            "sample": values,
            "x": values,
            "z": [None, None],
            "temperature": [0, None],
        },
        "training_data": data
        and {key: data[key] for key in ("name", "num_examples", "fingerprint")}
        | {"licence": _LICENCES.get(data["name"])},
        "test_likelihood": None
        if measured.get("nll_nats") is None
        else {
            key: measured[key]
            for key in ("nll_nats", "nll_stderr", "elbo_nats", "num_samples", "num_examples")
        },
        "versions": report["versions"],
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "files": report["artefacts"],
    }


def embed(file: pathlib.Path, content: dict) -> None:
    """Puts the card into a TFLite file, as its metadata "model_card.json".

    All but sizes: with it, the file's own is another.
    """
    files = {
        name: {key: value for key, value in artefact.items() if key != "bytes"}
        for name, artefact in content["files"].items()
    }
    model = compact.read(file.read_bytes())
    buffer, metadata = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(
        json.dumps(content | {"files": files}, separators=(",", ":")).encode(), np.uint8
    )
    metadata.name, metadata.buffer = FILE, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), metadata]
    file.write_bytes(compact.write(model))


def embedded(file: pathlib.Path) -> dict:
    """The card that a TFLite file holds."""
    model = compact.read(pathlib.Path(file).read_bytes())
    (index,) = (m.buffer for m in model.metadata if m.name == FILE.encode())
    return json.loads(bytes(model.buffers[index].data))


def hashes(path: pathlib.Path) -> dict:
    """{name: SHA-256} of a file, or of all files in a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {
        str(file.relative_to(path.parent)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file()
    }
