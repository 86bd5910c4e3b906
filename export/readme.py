"""The README.md of an export, in this model's own names and shapes."""


def text(report: dict) -> str:
    """Markdown from the content of `parity.json`."""
    artefacts = report["artefacts"]
    samples = "sample" in artefacts["saved_model"]["signatures"]
    verb = "sample" if samples else "decode"
    signature = artefacts["saved_model"]["signatures"][verb]
    inputs = signature["inputs"]
    size = report["batch_sizes"][-1]
    return _TEMPLATE.format(
        verb=verb,
        size=size,
        make_inputs="\n".join(_make_input(name, kind, size) for name, kind in inputs.items()),
        arguments=", ".join(f"{name}={name}" for name in inputs),
        tensors=", ".join(f"{name}=tf.constant({name})" for name in inputs),
        image=signature["outputs"]["image"]["type"].replace("B", str(size)),
        images=_DRAWS if report["values_come_in_turn"] else _MEANS,
        seeds=_SEEDS if samples else _NO_PRIOR,
        condition=f"\n{_CONDITION}{report['condition']}.\n" if report["condition"] else "",
        tolerance=report["tolerance"]["max"],
        tables="\n".join(_table(file, content) for file, content in artefacts.items()),
    )


def _make_input(name, kind, size):
    """A line of Python that makes `size` rows of an input, of a type as in `parity.json`."""
    if name == "seed":
        return f"seed = np.array([[2024, i] for i in range({size})], np.int32)  # A pair per image."
    dtype, sizes = kind.rstrip("]").split("[")
    shape = tuple(size if n == "B" else int(n) for n in sizes.split(", "))
    if name == "condition":
        return f"condition = np.zeros({shape}, np.{dtype})  # One per image: yours."
    return f"{name} = np.random.default_rng(0).normal(size={shape}).astype(np.{dtype})"


def _table(file, content):
    rows = [
        f"| `{name}` | {_types(s['inputs'])} | "
        f"{_types({key: output['type'] for key, output in s['outputs'].items()})} | "
        f"{max(output['max_error'] for output in s['outputs'].values()):.1e} |"
        for name, s in content["signatures"].items()
    ]
    return "\n".join(
        [
            f"`{file}`, {content['bytes']:,} bytes:\n",
            "| signature | input | outputs | largest error |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _types(types):
    return ", ".join(f"`{name}` {kind}" for name, kind in types.items())


_MEANS = """\
`image` is the mean of p(x|z), `sample` a draw of it, `z` the latents."""

_DRAWS = """\
Images are sequences of levels, each chosen given those before it: by `sample` at random, by
`decode` the likeliest."""

_SEEDS = """\
A seed is a pair of int32 numbers per image, any values. The same pair gives the same image, in
whatever batch it stands, and in both files up to rounding."""

_NO_PRIOR = """\
The model is an autoencoder: it has no prior to sample from, it decodes what you give it."""

_CONDITION = "Each image is made for a condition of its own, which you give: "

_TEMPLATE = """\
# An exported generator

Written by `keras_vae`; needs neither it nor Keras. {images}

{seeds}
{condition}
With `pip install ai-edge-litert numpy`:

```python
import numpy as np
from ai_edge_litert.interpreter import Interpreter

{make_inputs}
{verb} = Interpreter("generator.tflite").get_signature_runner("{verb}_{size}")
images = {verb}({arguments})["image"]  # {image}
```

With `pip install tensorflow`, for any batch size B:

```python
import numpy as np
import tensorflow as tf

{make_inputs}
model = tf.saved_model.load("saved_model")
images = model.signatures["{verb}"]({tensors})["image"].numpy()  # {image}
```

## Signatures

The error is the largest absolute difference from the Keras model on the same 16 inputs; at most
{tolerance:g} (of the largest value, if that is above 1) is allowed. `parity.json` has it for each
output, with the operators and the versions that wrote the files.

{tables}"""
