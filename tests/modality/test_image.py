"""Images, and what takes none but them."""

import numpy as np
import pytest

from keras_vae.modality import Image, stored
from tests import tiny


def test_images_are_shown_as_they_are():
    x = np.arange(6).reshape(1, 3, 2, 1)
    assert Image().as_images(x) is x
    assert Image().show(None, None) == []
    assert stored(Image().to_dict()) == Image()


def test_a_page_shows_no_examples_of_two_axes():
    vae = tiny.vae(network="gru", event_shape=(6, 3))
    with pytest.raises(ValueError, match=r"web: .* a model of event_shape=6,3\. Export without"):
        vae.modality.check_page(vae)
    tiny.vae().modality.check_page(tiny.vae())
