"""What of a context each place of a map is given."""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.ops.shapes import at_places, halved, with_context

RNG = np.random.default_rng(0)


def patches(image, height, width):
    """[h, w, f g C] of an image [H, W, C], pixel by pixel."""
    rows, columns, channels = image.shape
    f, g = -(-rows // height), -(-columns // width)
    found = np.zeros((height, width, f, g, channels), image.dtype)
    for y in range(rows):
        for x in range(columns):
            found[y // f, x // g, y % f, x % g] = image[y, x]
    return found.reshape(height, width, -1)


@pytest.mark.parametrize("size", [(8, 8, 1), (7, 5, 2), (9, 4, 3), (1, 6, 1)])
@pytest.mark.parametrize("places", [(4, 4), (2, 3), (1, 1), (3, 1)])
def test_each_place_has_the_pixels_that_lie_there(size, places):
    images = RNG.normal(size=(3, *size)).astype(np.float32)
    wanted = np.stack([patches(image, *places) for image in images])
    np.testing.assert_array_equal(at_places(images, *places), wanted)


def test_square_patches_are_those_of_space_to_depth():
    images = RNG.normal(size=(2, 6, 9, 2)).astype(np.float32)
    np.testing.assert_array_equal(at_places(images, 2, 3), tf.nn.space_to_depth(images, 3))


def test_every_place_after_halvings_has_some_pixel():
    for size in [(28, 28), (9, 7), (5, 33), (1, 2)]:
        for times in range(6):
            f, g = (-(-n // m) for n, m in zip(size, halved(size, times), strict=True))
            last = (size[0] - 1) // f, (size[1] - 1) // g
            assert tuple(n + 1 for n in last) == halved(size, times)


def test_halvings_are_those_of_convolutions():
    x = np.zeros((1, 9, 7, 1), np.float32)
    for times in range(4):
        assert halved((9, 7), times) == x.shape[1:3]
        x = tf.nn.max_pool2d(x, 3, 2, "SAME")


def test_a_map_has_its_patch_of_an_image_for_all_samples():
    x, image = RNG.normal(size=(3, 2, 4, 3, 5)), RNG.normal(size=(2, 7, 5, 2))
    joined = with_context(x, image, event_rank=3).numpy()
    np.testing.assert_array_equal(joined[..., :5], x)
    wanted = np.stack([patches(one, 4, 3) for one in image])
    for sample in joined:
        np.testing.assert_array_equal(sample[..., 5:], wanted)
    one = with_context(x, image[:1], event_rank=3).numpy()
    np.testing.assert_array_equal(one[..., 5:], np.broadcast_to(wanted[0], (3, 2, 4, 3, 8)))


def test_a_map_has_a_label_at_every_place():
    x, label = RNG.normal(size=(3, 2, 4, 3, 5)), np.eye(2)
    joined = with_context(x, label, event_rank=3).numpy()
    for b in range(2):
        np.testing.assert_array_equal(
            joined[:, b, ..., 5:], np.broadcast_to(label[b], (3, 4, 3, 2))
        )


def test_flat_latents_have_all_of_an_image():
    x, image = RNG.normal(size=(2, 5)), RNG.normal(size=(2, 7, 5, 2))
    np.testing.assert_array_equal(with_context(x, image)[:, 5:], image.reshape(2, -1))


def test_sizes_of_batches_need_not_be_known():
    graph = tf.function(
        lambda x: at_places(x, 2, 3), input_signature=[tf.TensorSpec([None, 7, 5, 1])]
    )
    images = RNG.normal(size=(3, 7, 5, 1)).astype(np.float32)
    np.testing.assert_array_equal(graph(images), at_places(images, 2, 3))
    assert graph.get_concrete_function().output_shapes.as_list() == [None, 2, 3, 8]
