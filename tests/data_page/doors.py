"""The doors to the data, which keep the notes that each use of them gave."""

import functools
import shutil
import warnings

import numpy as np
import pytest

import keras_vae
from keras_vae import data
from keras_vae._compat import tf
from keras_vae.building import settling
from keras_vae.messages.notes import Note
from keras_vae.runs import run_data
from keras_vae.seeds import Site, derive

SHAPE = (4, 4, 1)  # of one example
EXAMPLES = np.random.default_rng(0).uniform(size=(6, *SHAPE)).astype(np.float32)
CLASSES = ("cat", "dog", "eel")
# Notes on drawn splits; the text beside the table "Splits" explains them.
_DRAWN = ("no test split", "no validation split")


@functools.cache
def built(likelihood, levels=None, recipe="vae"):
    """A model whose parts the models of all checks share: building takes the longest."""
    options = {"num_classes": 3, "class_names": CLASSES} if recipe == "cvae" else {}
    config = keras_vae.recipe(
        recipe, likelihood=likelihood, event_shape=SHAPE, levels=levels, **options
    ).replace(hidden=(4,), latent_dim=1)
    return keras_vae.build(config, run_eagerly=True)


def refused(call, *words):
    """`call` is refused in one line that has these words: what it is about, and the remedy."""
    with pytest.raises((ValueError, OSError)) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


class Doors:
    """The doors, as one check uses them.

    Attributes:
      noted: a list of notes for each use that was not refused.
      path: an empty folder.
    """

    def __init__(self, path):
        self.noted, self.path = [], path

    @property
    def notes(self):
        """The notes of the last use, as one text."""
        return " | ".join(self.noted[-1])

    def load(self, dataset, **options):
        """`data.load`."""
        found = data.load(dataset, **options)
        self.noted.append([note for note in found.notes if not note.startswith(_DRAWN)])
        return found

    def npz(self, options=None, **arrays):
        """`load` of an npz that holds these arrays."""
        np.savez(self.path / "made.npz", **arrays)
        return self.load(f"npz:{self.path}/made.npz", **(options or {}))

    def file(self, x, likelihood="continuous_bernoulli", **options):
        """The examples of an npz as a model computes with them, float32 [N, H, W, C]."""
        np.savez(self.path / "made.npz", train=x, test=x)
        config = keras_vae.recipe(
            "vae", likelihood=likelihood, dataset=f"npz:{self.path}/made.npz", validation_size=0
        ).replace(**options)
        found = run_data.load_data(config)
        config = settling.settle(config, found)
        self.noted.append(found.notes)
        examples = run_data.first_examples(config, found, len(x), "train").x
        return settling.example_spec(config).floats(examples).numpy()

    def python(self, x, likelihood="continuous_bernoulli", levels=None):
        """The examples as a new model computes with them, float32, once it has measured them."""
        parts = built(likelihood, levels)
        model = keras_vae.VAE(parts.encoder, parts.decoder, parts.prior, levels=levels)
        model.compile(run_eagerly=True)
        self._measured(model, x)
        return model.as_floats(x).numpy()

    def python_labels(self, y):
        """The loss of `EXAMPLES` with labels y [6], by a model of CLASSES: other labels, others."""
        return self._measured(built("continuous_bernoulli", recipe="cvae"), EXAMPLES, y)

    def _measured(self, model, *inputs):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Note)
            losses = model.evaluate(*inputs, verbose=0)
        self.noted.append([str(w.message) for w in caught if issubclass(w.category, Note)])
        return losses

    def both(self, x, wanted, likelihood="continuous_bernoulli"):
        """Files and Python take x as `wanted`."""
        for found in (self.file(x, likelihood), self.python(x, likelihood)):
            np.testing.assert_allclose(found, wanted, rtol=1e-6)

    def both_refuse(self, x, likelihood, in_file, in_python):
        """Files and Python refuse x, with these words."""
        refused(lambda: self.file(x, likelihood), "made.npz", *in_file)
        refused(lambda: self.python(x, likelihood), "x ", *in_python)

    def put(self, name, pixels):
        """Writes an image file."""
        from PIL import Image

        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
        return file

    def images(self, left_out=(), **options):
        """dict name -> [H, W, C] of the files in train/, of which each is one image."""
        train, test = self.path / "train", self.path / "test"
        shutil.rmtree(test, ignore_errors=True)
        shutil.copytree(train, test)
        options = {"validation_size": 0} | options
        names = sorted(file.name for file in train.iterdir())
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(names)), derive(0, Site.SPLIT)
        )
        names = [names[i] for i in order if names[i] not in left_out]
        found = self.load(f"folder:{self.path}", **options).train
        assert found.num_examples == len(names)
        return dict(zip(names, found.array, strict=True))
