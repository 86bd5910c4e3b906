import itertools

import numpy as np
import pytest

from keras_vae import seeds
from keras_vae._compat import tf
from keras_vae.batches import Batch, Block
from keras_vae.data import (
    InMemory,
    Streamed,
    augment,
    block_lengths,
    dynamic,
    evaluation_batches,
    steps_per_epoch,
    training_blocks,
)

N, BATCH = 105, 10  # 10 steps an epoch, 5 images dropped
ROWS = np.random.default_rng(0).integers(0, 256, (N, 4, 3, 1), dtype=np.uint8)
ROWS[:, 0, 0, 0] = np.arange(N)  # tells which image it is


def make(kind, rows=ROWS, on_read=lambda start: None, labels=None):
    if kind == "memory":
        return InMemory(rows, labels, levels=256)

    def read_rows(wanted):
        on_read(wanted[0])
        return rows[wanted]

    read_labels = None if labels is None else lambda wanted: labels[wanted]
    pieces = [np.arange(len(rows))]
    return Streamed(rows.shape[1:], pieces, 17, read_rows, read_labels, False, "made")


def blocks(images, start_step=0, binarization="none", epochs=3, seed=5, augmentations=()):
    return list(
        training_blocks(
            images,
            batch_size=BATCH,
            steps_per_block=4,
            epochs=epochs,
            seed=seed,
            binarization=binarization,
            augmentations=augmentations,
            draw_noise=lambda seed: tf.random.stateless_normal([2, BATCH, 3], seed),
            start_step=start_step,
        )
    )


def steps(found):
    """The blocks' steps, one after the other: (x, noise) arrays."""
    return [
        (block.x[i].numpy(), block.noise[i].numpy()) for block in found for i in range(len(block.x))
    ]


both = pytest.mark.parametrize("kind", ["memory", "stream"])


@both
def test_an_epoch_holds_each_image_once(kind):
    found = blocks(make(kind))
    assert all(isinstance(block, Block) for block in found)
    assert [len(block.x) for block in found] == [3, 3, 4] * 3
    assert found[0].x.shape == (3, BATCH, 4, 3, 1)
    assert found[0].noise.shape == (3, 2, BATCH, 3)
    assert found[0].x.dtype == tf.uint8
    epochs = np.array([x[:, 0, 0, 0] for x, _ in steps(found)]).reshape(3, -1)
    for epoch in epochs:
        assert len(set(epoch)) == 100
    x = np.concatenate([x for x, _ in steps(found)])
    np.testing.assert_array_equal(x, ROWS[epochs.ravel()])
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[0], np.sort(epochs[0]))
    assert len({frozenset(epoch) for epoch in epochs}) == 3  # other images are dropped each time


@both
def test_seed_decides_everything(kind):
    first, again, other = blocks(make(kind)), blocks(make(kind)), blocks(make(kind), seed=6)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.noise, b.noise)
    assert not np.array_equal(first[0].x, other[0].x)
    assert not np.array_equal(first[0].noise, other[0].noise)


@both
@pytest.mark.parametrize("start_step", [0, 1, 3, 5, 9, 10, 16, 29, 30])
def test_resumes_to_the_bit(kind, start_step):
    unbroken = steps(blocks(make(kind), binarization="dynamic"))
    resumed_blocks = blocks(make(kind), start_step, binarization="dynamic")
    resumed = steps(resumed_blocks)
    assert len(resumed) == 30 - start_step
    for (x, noise), (x_again, noise_again) in zip(unbroken[start_step:], resumed, strict=True):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(noise, noise_again)
    ends = start_step + np.cumsum([len(block.x) for block in resumed_blocks], dtype=int)
    all_ends = [epoch * 10 + end for epoch in range(3) for end in (3, 6, 10)]
    assert ends.tolist() == [end for end in all_ends if end > start_step]


@both
@pytest.mark.parametrize("start_step", [0, 13])
def test_each_step_augments_its_images_by_its_own_draws(kind, start_step):
    """From the first step on and resumed; the order of images and all noise stay."""
    plain = steps(blocks(make(kind)))
    found = steps(blocks(make(kind), start_step, augmentations=("flip", "crop")))
    assert len(found) == 30 - start_step
    for step, (x, noise) in enumerate(found, start_step):
        seed = seeds.derive(5, seeds.Site.AUGMENT, *divmod(step, 10))
        np.testing.assert_array_equal(x, augment(plain[step][0], ("flip", "crop"), seed))
        np.testing.assert_array_equal(noise, plain[step][1])
        assert not np.array_equal(x, plain[step][0])


def test_grey_images_are_augmented_before_they_are_drawn_black_or_white():
    options = {"binarization": "dynamic", "augmentations": ("flip",), "epochs": 1}
    plain = steps(blocks(make("memory"), epochs=1))
    for step, (x, _) in enumerate(steps(blocks(make("memory"), **options))):
        grey = augment(plain[step][0], ("flip",), seeds.derive(5, seeds.Site.AUGMENT, 0, step))
        seed = seeds.derive(5, seeds.Site.BINARIZE, 0, step)
        np.testing.assert_array_equal(x, dynamic(grey, seed))


def test_resume_skips_chunks_unread():
    reads = []
    found = training_blocks(
        make("stream", on_read=reads.append),
        batch_size=BATCH,
        steps_per_block=4,
        epochs=1,
        seed=0,
        binarization="none",
        draw_noise=lambda seed: seed,
        start_step=8,
    )
    assert len(list(found)) == 1
    assert len(reads) <= 3  # of 7 chunks, the last 20 to 25 images lie in 2 or 3


@both
def test_blocks_are_counted(kind):
    made = training_blocks(
        make(kind),
        batch_size=BATCH,
        steps_per_block=4,
        epochs=3,
        seed=0,
        binarization="none",
        draw_noise=lambda seed: seed,
        start_step=16,
    )
    assert len(made) == len(list(made)) == 4


@both
def test_dynamic_binarization_is_fresh_and_unbiased(kind):
    rows = np.random.default_rng(1).integers(0, 256, (100, 20, 20, 1), dtype=np.uint8)
    images = make(kind, rows)
    found = steps(blocks(images, binarization="dynamic", epochs=20))
    grey = steps(blocks(images, binarization="none", epochs=20))
    assert found[0][0].dtype == bool
    draws = np.array([x for x, _ in found], np.float64)  # [200, 10, 20, 20, 1]
    p = np.array([x for x, _ in grey]) / 255.0
    z = (draws - p).sum() / np.sqrt((p * (1 - p)).sum())
    assert abs(z) < 4
    # The same image, in two epochs: as far apart as two draws are.
    first_image = [
        draws[step][np.all(grey[step][0] == rows[0], (1, 2, 3))] for step in range(len(draws))
    ]
    first_image = np.concatenate(first_image)  # [20, 20, 20, 1], one for each epoch
    assert len(first_image) == 20
    q = rows[0] / 255.0
    changed = np.mean([np.mean(a != b) for a, b in itertools.combinations(first_image, 2)])
    assert abs(changed - np.mean(2 * q * (1 - q))) < 0.03


@both
def test_labels_stay_with_their_images(kind):
    rows = np.arange(100, dtype=np.uint8)[:, None, None, None] * np.ones((4, 4, 1), np.uint8)
    images = make(kind, rows, labels=np.arange(100) * 2)
    options = {"seed": 0, "binarization": "none", "with_labels": True}
    made = training_blocks(
        images,
        batch_size=BATCH,
        steps_per_block=4,
        epochs=2,
        draw_noise=lambda seed: seed,
        start_step=3,
        **options,
    )
    seen = [(x, c) for b in made for x, c in zip(b.x.numpy(), b.condition.numpy(), strict=True)]
    assert len(seen) == 17
    for x, condition in seen:
        np.testing.assert_array_equal(condition, 2 * x[:, 0, 0, 0].astype(int))
    for batch in evaluation_batches(images, batch_size=7, **options):
        np.testing.assert_array_equal(batch.condition, 2 * batch.x[:, 0, 0, 0].numpy().astype(int))


@pytest.mark.parametrize(("n", "longest"), [(10, 4), (7, 7), (7, 100), (421, 39), (5, 1), (1, 1)])
def test_block_lengths(n, longest):
    lengths = block_lengths(n, longest)
    assert sum(lengths) == n
    assert len(lengths) == -(-n // longest)
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= longest


@pytest.mark.parametrize("batch_size", [0, 106])
def test_batch_larger_than_the_data(batch_size):
    assert steps_per_epoch(make("memory"), 105) == 1
    with pytest.raises(
        ValueError, match=f"between 1 and the 105 training images, got {batch_size}"
    ):
        steps_per_epoch(make("memory"), batch_size)


@both
def test_evaluation_counts_every_image_in_order(kind):
    made = evaluation_batches(
        make(kind),
        batch_size=20,
        seed=0,
        binarization="none",
        draw_noise=lambda seed, size: tf.random.stateless_normal([1, size, 2], seed),
    )
    found = list(made)
    assert len(made) == len(found) == 6
    assert isinstance(found[0], Batch)
    assert [len(batch.x) for batch in found] == [20] * 5 + [5]
    assert found[-1].noise.shape == (1, 5, 2)
    assert not np.array_equal(found[0].noise, found[1].noise)
    np.testing.assert_array_equal(np.concatenate([batch.x for batch in found]), ROWS)


def test_evaluation_draws_depend_on_seed_and_place_alone():
    rows = np.random.default_rng(2).integers(0, 256, (2300, 4, 4, 1), dtype=np.uint8)

    def all_of(kind, batch_size, seed=0):
        made = evaluation_batches(
            make(kind, rows), batch_size=batch_size, seed=seed, binarization="dynamic"
        )
        assert next(iter(made)).noise is None
        return np.concatenate([batch.x for batch in made])

    first = all_of("memory", 100)
    assert first.dtype == bool
    for kind, batch_size in [("memory", 100), ("memory", 7), ("stream", 64), ("stream", 1500)]:
        np.testing.assert_array_equal(all_of(kind, batch_size), first)
    assert not np.array_equal(all_of("memory", 100, seed=1), first)
    p = rows / 255.0
    assert abs((first - p).sum() / np.sqrt((p * (1 - p)).sum())) < 4
    # Runs of 1,000 have draws of their own.
    same = InMemory(np.full((2000, 8, 8, 1), 128, np.uint8), levels=256)
    x = next(iter(evaluation_batches(same, batch_size=2000, seed=0, binarization="dynamic"))).x
    assert not np.array_equal(x[:1000], x[1000:])


def test_mnist_streams_to_the_bit(mnist_dir):
    """The real thing, mid-epoch: TFDS ranges, chunk order, order within a chunk."""
    from keras_vae.data import load

    images = load("mnist", data_dir=mnist_dir, memory_limit_gb=0.05).test
    options = dict(
        batch_size=500,
        steps_per_block=6,
        epochs=2,
        seed=3,
        binarization="dynamic",
        draw_noise=lambda seed: tf.random.stateless_normal([1, 500, 2], seed),
    )
    unbroken = steps(list(training_blocks(images, **options)))
    resumed = steps(list(training_blocks(images, **options, start_step=13)))
    assert len(resumed) == 27
    for (x, noise), (x_again, noise_again) in zip(unbroken[13:], resumed, strict=True):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(noise, noise_again)


@both
def test_no_iterator_waits_for_its_tuning(kind):
    """It would end as long after its last batch as it took to give all of them."""
    make_batches = {"batch_size": BATCH, "seed": 0, "binarization": "none"}
    training = training_blocks(
        make(kind), **make_batches, steps_per_block=4, epochs=2, draw_noise=lambda seed: seed
    )
    for made in (training, evaluation_batches(make(kind), **make_batches)):
        assert made.options().autotune.enabled is False
