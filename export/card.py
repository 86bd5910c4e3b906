"""The model card: what an export is, for programs and for people."""

import hashlib
import json
import os
import pathlib
import platform
import re

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from export import compact
from export.ranges import ranges
from keras_vae.vae import VAE

FILE = "model_card.json"

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
    content = {
        "format": 1,
        "recipe": described and described["config"]["recipe"],
        "event_shape": list(vae.event_shape),
        "latent_dim": vae.latent_dim,
        "likelihood": type(vae.decoder.likelihood).__name__,
        "condition": report["condition"],
        "pruned": report["pruned"],
        "ranges": _ranges(vae, report["artefacts"]),
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
        "machine": f"{_processor()}, {os.cpu_count()} processors; TFLite files ran in one thread",
        "files": report["artefacts"],
    }
    names = class_names(vae)
    return content | ({"class_names": names} if names else {}) | vae.modality.card_facts()


def _ranges(vae, artefacts):
    """{name: [lowest, highest]} of all inputs and outputs."""
    known = ranges(vae)
    signatures = [s for a in artefacts.values() for s in a["signatures"].values()]
    names = {name for s in signatures for name in (*s["inputs"], *s["outputs"])}
    return {name: [*known.get(name, (None, None))] for name in sorted(names)}


def class_names(vae: VAE) -> list[str] | None:
    """What the labels are called that the model is given, from 0 on; None where it has no names."""
    names = None if vae.condition is None else vae.condition.names
    return None if names is None else list(names)


def _processor():
    try:
        found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    except OSError:  # Only Linux has this file.
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def embed(file: pathlib.Path, content: dict) -> None:
    """Puts the card into a TFLite file, as its metadata "model_card.json".

    The sizes are left out: the metadata itself changes the file's size.
    """
    files = {
        name: {key: value for key, value in artefact.items() if key != "bytes"}
        for name, artefact in content["files"].items()
    }
    model = compact.unpack(file.read_bytes())
    buffer, metadata = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(
        json.dumps(content | {"files": files}, separators=(",", ":")).encode(), np.uint8
    )
    metadata.name, metadata.buffer = FILE, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), metadata]
    file.write_bytes(compact.pack(model))


def hashes(path: pathlib.Path) -> dict:
    """{name: SHA-256} of a file, or of all files in a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {
        str(file.relative_to(path.parent)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file()
    }
