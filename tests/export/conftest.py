"""One small deep ladder, whose export all runtimes share: converting it is slow."""

import numpy as np
import pytest

from export import web_page, writer
from keras_vae.batches import Batch
from tests import tiny

DEEP = {
    "recipe": "deep",
    "event_shape": (4, 4, 3),
    "levels": 256,
    "likelihood_components": 2,
    "stages": ("4x1", "2x1", "1x1"),
    "width": 4,
}
BATCH = 4
PRECISIONS = ("float32", "float16", "int16x8", "int8")


@pytest.fixture(scope="session")
def deep(tmp_path_factory):
    """(model, folder, report) of a deep ladder of three sizes, with a page where one can be."""
    model = tiny.randomize(tiny.vae(**DEEP), scale=0.1)
    folder = tmp_path_factory.mktemp("deep") / "export"
    x = np.random.default_rng(0).integers(0, 256, (8, 4, 4, 3), np.uint8)
    report = writer.write(
        model,
        folder,
        formats=["tflite"],
        precisions=PRECISIONS,
        batch_sizes=[BATCH],
        web=web_page.missing() is None,
        examples=Batch(x),
        fitted_to=Batch(x),
    )
    return model, folder, report
