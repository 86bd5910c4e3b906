"""page.html: a generator, its runtime and an interface in one file, which opens from disk."""

import base64
import gzip
import html
import json
import pathlib
import string
from collections.abc import Collection

import numpy as np

from export import card, latent_facts
from keras_vae.batches import Batch
from keras_vae.data import short_name
from keras_vae.likelihoods import Support
from keras_vae.vae import VAE

FILE = "page.html"

WEB = pathlib.Path(__file__).with_name("web")
# `make web` puts this file here; the wheel has it, too.
RUNTIME = WEB / "runtime" / "litert.wasm.gz"
LOADER = WEB / "runtime" / "litert.js.gz"

# The precisions whose file can be in a page, the best first.
GENERATORS = ("float32", "float16", "weight_int8", "dynamic_int8")


def missing() -> str | None:
    """What is missing for a page to be written, and what to do; None if nothing is."""
    if RUNTIME.exists() and LOADER.exists():
        return None
    return (
        "web needs the LiteRT runtime for browsers, which isn't part of the repository. Run "
        "`make web` (Node 20), or install the wheel that `make dist` builds."
    )


def told(folder: pathlib.Path) -> str:
    """What to say of an export's page: where it is, or why there is none."""
    file = folder / FILE
    if file.exists():
        return f"{file}: open it in a browser"
    return f"{FILE} is not written, for it needs a file that samples, and none is."


def generator_of(precisions: Collection[str]) -> str | None:
    """The precision whose file goes into the page; None if none of them can sample."""
    return next((name for name in GENERATORS if name in precisions), None)


def text(model: pathlib.Path, facts: dict) -> str:
    """The page of a TFLite file, from what `facts` gives."""
    values = {
        "title": html.escape(facts["title"]),
        "lead": html.escape(facts["lead"]),
        "style": (WEB / "built" / "style.css").read_text(encoding="utf-8"),
        "script": (WEB / "built" / "main.js").read_text(encoding="utf-8"),
        "worker": (WEB / "built" / "worker.js").read_text(encoding="utf-8"),
        "facts": json.dumps(facts).replace("<", "\\u003c"),  # No "</script>" can stand in it.
        "runtime": _base64(RUNTIME.read_bytes()),
        "loader": _base64(LOADER.read_bytes()),
        "model": _base64(gzip.compress(model.read_bytes(), mtime=0)),
    }
    template = (WEB / "page" / "page.html").read_text(encoding="utf-8")
    return string.Template(template).substitute(values)


def facts(
    vae: VAE,
    model: pathlib.Path,
    examples: Batch | None = None,
    described: dict | None = None,
    evaluation: dict | None = None,
) -> dict:
    """What the page has to know of a model: see `assets.js` in web/page.

    Args:
      vae: the model.
      model: its TFLite file.
      examples: real ones, if there are any: they tell which latents matter.
      described: the content of the run's config.json, if there is one.
      evaluation: of its evaluation.json.
    """
    condition, support = vae.condition, vae.decoder.likelihood.support
    visible = None if condition is None else condition.visible
    highest = 1.0
    if support is Support.COUNTS and examples is not None:
        highest = float(examples.x.max())
    return {
        "title": f"A generator of {_data(vae, described)}",
        "lead": _lead(vae, evaluation),
        "size": f"{model.name}, {_size(model.stat().st_size)}",
        "shape": list(vae.event_shape),
        "binary": support is Support.BINARY,
        "highest": highest,
        **vae.modality.page_facts(),
        "inTurn": vae.decoder.in_turn,
        "latents": vae.latent_dim,
        **(_of_sizes(vae) if vae.has_layers_of_maps else _of_latents(vae, examples)),
        "classes": None if condition is None else condition.num_classes,
        "names": card.class_names(vae),
        "visible": None if visible is None else visible.tolist(),
    }


def _of_latents(vae, examples):
    """What sliders of single latents have to know."""
    loc, scale = latent_facts.moments(vae, examples)
    nats = None if examples is None else latent_facts.rates(vae, examples)
    clusters = latent_facts.clusters(vae)
    labels = 0 if clusters is None else len(clusters[0])
    order = np.argsort(-(scale if nats is None else nats), kind="stable")
    return {
        "order": order[order >= labels].tolist(),
        "nats": None if nats is None else nats.tolist(),
        "loc": loc.tolist(),
        "scale": scale.tolist(),
        "clusters": clusters
        and [
            {"loc": loc.tolist(), "scale": scale.tolist()}
            for loc, scale in zip(*clusters, strict=True)
        ],
        "sizes": None,
    }


def _of_sizes(vae):
    """What sliders of whole layers have to know: the sizes of maps, the coarsest first, and how
    many layers there are of each size and of finer ones."""
    last_of_each = {shape[:2]: i + 1 for i, shape in enumerate(vae.prior.latent_shapes)}
    return {
        "sizes": [
            {"name": "x".join(map(str, size)), "layers": number}
            for size, number in reversed(last_of_each.items())
        ]
    }


def _data(vae, described):
    return short_name(described["data"]["name"]) if described else vae.modality.nouns


def _lead(vae, evaluation):
    nll = (evaluation or {}).get("nll_nats")
    measured = "" if nll is None else f", {nll:.2f} nats an example of the test set"
    return (
        f"{vae.latent_dim} latents{measured}. All of it is in this file and runs on your device: "
        "nothing is sent anywhere."
    )


def _size(number):
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.0f} kB"


def _base64(content):
    return base64.b64encode(content).decode()
