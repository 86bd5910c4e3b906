"""The README.md of an export, in this model's own names and shapes."""

import math

from export.pruning import DEAD

_LISTED = 100  # classes at most whose names are in the file


def text(report: dict, about: str = "", class_names: list | None = None) -> str:
    """Markdown of an export.

    Args:
      report: the content of `parity.json`.
      about: what the model's modality says of its values.
      class_names: of the model card.
    """
    artefacts = report["artefacts"]
    samples = any("sample" in name for a in artefacts.values() for name in a["signatures"])
    lite = next((file for file in artefacts if file != "saved_model"), None)
    examples = []
    if lite is not None:
        example = _example(artefacts[lite], report)
        examples.append(_LITE.format(file=lite, **example))
        examples.append(_JAVASCRIPT.format(file=lite, **example))
        if example["verb"] == "sample":
            examples.append(_PHONES.format(file=lite, **example, **_phones_condition(example)))
    if "saved_model" in artefacts:
        examples.append(_SAVED_MODEL.format(**_example(artefacts["saved_model"], report)))
    return _TEMPLATE.format(
        images=_DRAWS if report["values_come_in_turn"] else _MEANS,
        seeds=_SEEDS if samples else _NO_PRIOR,
        about=f"\n{about}" if about else "",
        pruned=_PRUNED.format(dead=DEAD, **report["pruned"]) if report["pruned"] else "",
        condition=f"\n{_CONDITION}{report['condition']}.\n" if report["condition"] else "",
        classes=_classes(class_names) if class_names else "",
        examples="\n".join(examples),
        tables="\n".join(_table(file, content) for file, content in artefacts.items()),
    )


def _example(content, report):
    """What the examples are made of: a call of the signature that samples, else decodes."""
    size = report["batch_sizes"][-1]
    names = ["sample", f"sample_{size}", "decode", f"decode_{size}"]
    name = next(name for name in names if name in content["signatures"])
    signature = content["signatures"][name]
    inputs = signature["inputs"]
    return {
        "verb": name.partition("_")[0],
        "name": name,
        "make_inputs": "\n".join(_make_input(key, kind, size) for key, kind in inputs.items()),
        "arguments": ", ".join(f"{key}={key}" for key in inputs),
        "tensors": ", ".join(f"{key}=tf.constant({key})" for key in inputs),
        "rows": ", ".join(f"{key}: {_make_row(kind)}" for key, kind in inputs.items()),
        "batch": size,
        "condition_kind": inputs.get("condition"),
        "image": signature["outputs"]["image"]["type"].replace("B", str(size)),
    }


def _make_input(name, kind, size):
    """A line of Python that makes `size` rows of an input, of a type as in `parity.json`."""
    if name == "seed":
        return f"seed = np.array([[2024, i] for i in range({size})], np.int32)  # A pair each."
    dtype, sizes = kind.rstrip("]").split("[")
    shape = tuple(size if n == "B" else int(n) for n in sizes.split(", "))
    if name == "condition":
        return f"condition = np.zeros({shape}, np.{dtype})  # One each: yours."
    return f"{name} = np.random.default_rng(0).normal(size={shape}).astype(np.{dtype})"


def _classes(names):
    """A list of the labels and their names, which may hold what Markdown would take for markup."""
    plain = (" ".join(name.replace("`", "'").split()) for name in names[:_LISTED])
    shown = [f"- {i}: `{name}`" for i, name in enumerate(plain)]
    if len(names) > _LISTED:
        shown.append(f"- … and {len(names) - _LISTED} more, in `model_card.json`")
    return "\n" + _CLASSES + "\n".join(shown) + "\n"


def _make_row(kind):
    """JavaScript that makes one example's row of an input, of a type as in `parity.json`."""
    dtype, sizes = kind.rstrip("]").split("[")
    numbers = math.prod(int(n) for n in sizes.split(", ")[1:])
    return f"new {dtype.capitalize()}Array({numbers})"


def _phones_condition(example):
    """A condition of zeros for each client in `export/clients`, as its last argument."""
    kind = example["condition_kind"]
    if kind is None:
        return {"c": "", "kotlin": "", "swift": ""}
    dtype, sizes = kind.rstrip("]").split("[")
    count = example["batch"] * math.prod(int(n) for n in sizes.split(", ")[1:])
    argument, kotlin, swift = {
        "int32": ("0", "Int", "Int32"),
        "float32": ("x.raw", "Float", "Float"),
    }[dtype]
    return {
        "c": f" {argument}",
        "kotlin": f" {{ write{kotlin}({kotlin}Array({count})) }}",
        "swift": f", condition: [{swift}](repeating: 0, count: {count})",
    }


def _table(file, content):
    rows = [
        f"| `{name}` | {_types(s['inputs'])} | "
        f"{_types({key: output['type'] for key, output in s['outputs'].items()})} | "
        f"{max(output.get('max_error', 0.0) for output in s['outputs'].values()):.1e} |"
        for name, s in content["signatures"].items()
    ]
    return "\n".join(
        [
            f"`{file}`, {content['bytes']:,} bytes{_quality(content.get('data'))}:\n",
            "| signature | input | outputs | largest error |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _quality(data):
    if data is None:
        return ""
    change, bits = data["nll_change"], data["bits_change"]
    costs = "" if change is None else f"; decoding costs {change:+.3f} nats an example"
    costs += "" if bits is None else f", {bits:+.5f} bits a dimension"
    return (
        f"; PSNR {data['psnr']:.2f} dB where Keras has {data['psnr_keras']:.2f}, of "
        f"{data['examples']} real examples{costs}"
    )


def _types(types):
    return ", ".join(f"`{name}` {kind}" for name, kind in types.items())


_MEANS = """\
`image` is the mean of p(x|z), `sample` a draw of it, `z` the latents."""

_DRAWS = """\
Examples are sequences of levels, each chosen given those before it: by `sample` at random, by
`decode` the likeliest."""

_SEEDS = """\
A seed is a pair of int32 numbers for each row, any values. The same pair gives the same `image`, in
whatever batch it stands, and in both files up to rounding."""

_NO_PRIOR = """\
The model is an autoencoder: it has no prior to sample from, it decodes what you give it."""

_PRUNED = """
Of {latents_before} latents {latents} are left; the others carried less than {dead:g} nats each.
Without them, the bound of {examples} real examples changed by {elbo_change:+.4f} nats.
"""

_CLASSES = """\
Labels are called as follows. `python -m export.sample --condition=NAME` takes their names too.

"""

_CONDITION = "Each row is made for a condition of its own, which you give: "

_TEMPLATE = """\
# An exported generator

Written by `keras_vae`; needs neither it nor Keras. {images}

{seeds}
{about}{pruned}{condition}{classes}
{examples}
## Signatures

The error is the largest absolute difference from the Keras model on the same inputs; that of
`sample`, the share of values drawn otherwise, is in `parity.json`, with the operators and the
versions that wrote the files. `model_card.json` says the same for programs, with ranges of values,
the data, the likelihood, a call's milliseconds on the machine that wrote the files, and their
hashes; TFLite files hold it as their metadata `model_card.json`, all but sizes
and hashes.

{tables}"""

_LITE = """\
With `pip install ai-edge-litert numpy`:

```python
import numpy as np
from ai_edge_litert.interpreter import Interpreter

{make_inputs}
{verb} = Interpreter("{file}").get_signature_runner("{name}")
images = {verb}({arguments})["image"]  # {image}
```
"""

_JAVASCRIPT = """\
In a browser, with `npm install @litertjs/core`, a bundler such as esbuild, and `generator.js` of
this project's `export/web` (whose `node.js` does the same in Node), for any number of rows, one
after another:

```javascript
import {{ loadLiteRt }} from "@litertjs/core";
import {{ Generator }} from "./generator.js";

await loadLiteRt("node_modules/@litertjs/core/wasm/");
const file = await (await fetch("{file}")).arrayBuffer();
const generator = await Generator.open(new Uint8Array(file));
const {{ image }} = await generator.run("{verb}", {{ {rows} }});
```
"""

_PHONES = """\
With the clients in this project's `export/clients`, which give {image}, in C (`sample.c`), Kotlin
(`Generator.kt`) and Swift (`Generator.swift`):

    ./sample {file} 7 out{c}
    Generator(context.assets, "{file}", batch = {batch}).sample(7){kotlin}
    try Generator(path: "{file}", batch: {batch}).sample(seed: 7{swift})
"""

_SAVED_MODEL = """\
With `pip install tensorflow`, for any batch size B:

```python
import numpy as np
import tensorflow as tf

{make_inputs}
model = tf.saved_model.load("saved_model")
images = model.signatures["{name}"]({tensors})["image"].numpy()  # {image}
```
"""
