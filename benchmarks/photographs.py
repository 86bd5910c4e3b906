"""A folder of 2,000 colour photographs of mixed sizes: python benchmarks/photographs.py --to=photos

Half are crops of scikit-learn's two photographs (a temple and a flower), half images of CIFAR-10,
enlarged: no photograph of a person or a brand is needed to try what a folder of one's own does.
The same folder comes out every time.
"""

import pathlib

import numpy as np
from absl import flags
from PIL import Image
from sklearn.datasets import load_sample_images

from keras_vae import command_line, data

FLAGS = flags.FLAGS
flags.DEFINE_string("to", None, "a new folder", required=True)
flags.DEFINE_string("data_dir", None, "where TFDS keeps CIFAR-10")
flags.DEFINE_integer("num_images", 2000, "how many", lower_bound=2)

SMALLEST, LARGEST = 96, 320  # Pixels of a side.


def crops(n, rng):
    """n crops of the two photographs, a side of each from SMALLEST to LARGEST pixels."""
    photographs = load_sample_images().images
    for i in range(n):
        photograph = photographs[i % len(photographs)]
        height, width = rng.integers(SMALLEST, LARGEST + 1, 2)
        top, left = (
            rng.integers(0, of - by + 1)
            for of, by in zip(photograph.shape, (height, width), strict=False)
        )
        yield Image.fromarray(photograph[top : top + height, left : left + width])


def enlarged(n, rng):
    """n images of CIFAR-10, enlarged to squares of SMALLEST to LARGEST pixels."""
    images = data.load("cifar10", data_dir=FLAGS.data_dir).train.array
    for index in rng.choice(len(images), n, replace=False):
        side = rng.integers(SMALLEST, LARGEST + 1)
        yield Image.fromarray(images[index]).resize((side, side), Image.Resampling.BICUBIC)


def main() -> None:
    folder = pathlib.Path(FLAGS.to)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    half = FLAGS.num_images // 2
    for name, images in (
        ("crop", crops(half, rng)),
        ("cifar", enlarged(FLAGS.num_images - half, rng)),
    ):
        for i, image in enumerate(images):
            image.save(folder / f"{name}_{i:04d}.jpg", quality=92)
    print(f"{FLAGS.num_images} photographs: {folder}")


if __name__ == "__main__":
    command_line.run(main)
