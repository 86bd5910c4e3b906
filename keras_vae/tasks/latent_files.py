"""Codes of a run's examples: arrays, TensorBoard's projector, and changes of an attribute."""

import math
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_vae import evaluation, seeds
from keras_vae.data.split import Split
from keras_vae.evaluation import attributes
from keras_vae.files import whole_file, write_atomically, write_json, write_npz
from keras_vae.messages.sentences import some
from keras_vae.ops.in_batches import in_batches
from keras_vae.report import class_names, follow_ups, plots
from keras_vae.runs import run_data
from keras_vae.runs.run import Run

_NUM_SHOWN = 5000  # examples in the projector, which moves them all at once
_WIDEST = 8192  # pixels of the side of the projector's one image
_MOST_COLUMNS = 1024  # values of a code in the projector
_AT_ONCE = 100  # examples computed at a time, for memory's sake
# Parts of the strength.
_PARTS = np.linspace(0.0, 1.25, 6, dtype=np.float32)
_NUM_CHANGED = 8
_NUM_TRIED = 100  # training examples by which the strength is found


class Attribute(NamedTuple):
    """What examples of one value have and those of another lack.

    Attributes:
      has, lacks: values of the labels, or of a factor.
      factor: its name; None of labels.
    """

    has: int
    lacks: int
    factor: str | None = None

    def values(self, split: Split) -> np.ndarray:
        """Of each example, [N]."""
        found = split.labels if self.factor is None else (split.factors or {}).get(self.factor)
        return np.asarray(found)

    @property
    def file(self) -> str:
        """The name of the pictures."""
        return follow_ups.attribute_file(*self)


def parse_attribute(run: Run, split: str, words: Sequence[str]) -> Attribute | None:
    """The attribute that words name, or None where there are none.

    Args:
      run: a `Run`.
      split: whose examples are to be changed.
      words: two labels or their names; the one of two labels that is had; a factor of the values 0
        and 1; or two values of a factor, as in ["hair=3", "5"].

    Raises:
      ValueError: there is no such split, or are no such labels or factors, in training too.
    """
    images = getattr(run.data, split)
    if images is None:
        raise ValueError(f"split={split}: the run has none.")
    if not words:
        return None
    attribute = _parsed(run, images, words)
    values = attribute.values(run.data.train)
    has, lacks = (np.count_nonzero(values == value) for value in attribute[:2])
    if not (has and lacks):
        raise ValueError(
            f"attribute: the training split has {has} examples of {attribute.has} and {lacks} of "
            f"{attribute.lacks}, and needs some of each."
        )
    return attribute


def parse_layers(run: Run, words: Sequence[str], attribute: Attribute | None) -> tuple[int, ...]:
    """The layers that words name, 1 the lowest; all where there are no words.

    Raises:
      ValueError: the model has no such layer, or there is no attribute that would change it.
    """
    if words and attribute is None:
        raise ValueError(
            f"layers={','.join(words)} says which latents an attribute changes, and there is none. "
            "Give attribute too."
        )
    count = run.model.num_layers
    known = {str(layer): layer for layer in range(1, count + 1)}
    if not set(words) <= known.keys():
        raise ValueError(
            f"layers must be whole numbers from 1, the lowest, to {count}, the run's layers of "
            f"latents; got {','.join(words)}."
        )
    return tuple(sorted({known[word] for word in words})) or (*known.values(),)


def _parsed(run, images, words):
    if run.model.condition is not None:
        raise ValueError(
            f"attribute: with condition={run.config.model.condition} {run.model.modality.nouns} "
            "are not of their code alone. Take an unconditional model."
        )
    name, _, first = words[0].rpartition("=")
    factors = images.factors or {}
    if name in factors:
        return _two_of(words, [first, *words[1:]], sorted(set(factors[name].tolist())), None, name)
    if len(words) == 1 and words[0] in factors:
        known = sorted(set(factors[words[0]].tolist()))
        return _two_of(words, [*map(str, reversed(known))], known, None, words[0])
    if images.labels is None:
        held = f"its factors are {some([*factors])}" if factors else "it has no factors"
        raise ValueError(f"attribute needs labels, and dataset={run.data.name} has none; {held}.")
    known = sorted(set(images.labels.tolist()))
    both = [*words]
    if len(words) == 1 and len(known) == 2:
        number = class_names.number_of(words[0], images.class_names, known)
        others = [label for label in known if label != number]
        both += [class_names.name_of(label, images.class_names) for label in others]
    return _two_of(words, both, known, images.class_names)


def _two_of(words, values, known, names, factor=None):
    """The Attribute of two values, each by its name or number."""
    numbers = [class_names.number_of(value, names, known) for value in values]
    found = [number for number in numbers if number is not None and number in known]
    if len(numbers) != 2 or len(set(found)) != 2:
        called = [class_names.name_of(label, names) for label in known]
        what = "labels" if factor is None else f"values of the factor {factor}, by {factor}=A,B,"
        raise ValueError(
            f"attribute must be two different {what} of {some(called)}, such as "
            f"{called[0]},{called[-1]}; got {','.join(words)}."
        )
    return Attribute(found[0], found[1], factor)


def write_latents(
    run: Run,
    split: str = "test",
    attribute: Sequence[str] = (),
    out: pathlib.Path | None = None,
    layers: Sequence[str] = (),
) -> list[pathlib.Path]:
    """Writes the codes of a split, and pictures of an attribute.

    Args:
      run: a `Run`.
      split: "train", "validation" or "test".
      attribute: what some examples have and others lack, see `parse_attribute`.
      out: folder; RUN/latents if None.
      layers: whose latents the attribute changes, see `parse_layers`.

    Returns:
      The paths of the files; see `write_files`.

    Raises:
      ValueError: there is no such split, or are no such labels, factors or layers.
    """
    found = parse_attribute(run, split, attribute)
    changed = parse_layers(run, layers, found)
    out = pathlib.Path(out or run.path / "latents")
    out.mkdir(parents=True, exist_ok=True)
    return write_files(run, split, found, out, changed)


def write_files(
    run: Run,
    split: str,
    attribute: Attribute | None,
    out: pathlib.Path,
    layers: Sequence[int],
) -> list[pathlib.Path]:
    """Writes the files and returns their paths.

    `latents.npz` has `codes` [N, D], the z that stand for the examples in their order, `labels` [N]
    where there are, `class_names` [K] where those have names, and each known factor [N];
    `latents.json` says of which weights they are. The projector's files are of 5,000 examples at
    most, and of a code's last 1,024 values. `attribute_A_B.png` has examples of the split that lack
    the attribute in a row each: the example, its reconstruction, and what is decoded on the way to
    the strength that `evaluation.attributes` finds with training examples, and past it. Latents of
    other layers than those given stay as they are.
    """
    images = getattr(run.data, split)
    batches = run_data.evaluation_batches(run.config, run.data, split, 100)
    codes = evaluation.codes(run.model, batches)
    columns = {} if images.labels is None else {"labels": images.labels}
    columns |= images.factors or {}
    named = {} if images.class_names is None else {"class_names": np.array(images.class_names)}
    write_npz(out / "latents.npz", {"codes": codes, **columns, **named})
    if named and "labels" in columns:
        columns["labels"] = named["class_names"][images.labels]
    as_images = run.model.modality.as_images
    side = max(as_images(np.zeros([1, *run.model.event_shape])).shape[1:3])
    num_shown = min(_NUM_SHOWN, (_WIDEST // side) ** 2)
    shown = np.concatenate([b.x for b in batches.take(-(-num_shown // 100))])[:num_shown]
    # A table of thousands of columns takes gigabytes. The last columns are of the top layers.
    table = codes[:, -_MOST_COLUMNS:]
    paths = [out / "latents.npz", *_write_projector(table, columns, as_images(shown), out)]
    measured: dict[str, Any] = {}
    if attribute is not None:
        pictures, measured = _changed(run, split, attribute, codes, layers)
        paths.append(out / attribute.file)
        plots.write(plots.image_grid(pictures, columns=1 + len(_PARTS)), paths[-1])
    paths.append(out / "latents.json")  # Written last: it says that the others are there too.
    about: dict[str, Any] = {"attribute": None, "attribute_names": None, "attribute_of": None}
    if attribute is not None:
        both, factor = attribute[:2], attribute.factor
        names = None if factor else images.class_names
        called = [class_names.name_of(value, names) for value in both]
        about = {"attribute": both, "attribute_names": called, "attribute_of": factor}
        about |= {"attribute_layers": layers, **measured}
    write_json(paths[-1], {**about, **run.provenance, "split": split})
    follow_ups.refresh(run.path)
    return paths


def _changed(run, split, attribute, codes, layers):
    """(pictures, a row of `1 + len(_PARTS)` for each example; measures) of an attribute."""

    def decoded_and_encoded(z):
        def work(z):
            x = run.model.decode(z).sample(seed=seeds.derive(0, seeds.Site.SAMPLE))
            return np.asarray(run.model.flat(run.model.code(x)))

        return in_batches(work, _AT_ONCE, z)

    trained, values = codes, attribute.values(run.data.train)
    if split != "train":
        batches = run_data.evaluation_batches(run.config, run.data, "train", _AT_ONCE)
        trained = evaluation.codes(run.model, batches)
    has, lacks = (trained[values == value] for value in attribute[:2])
    # Latents that are 0 in all examples are neither moved nor read.
    numbers = np.arange(run.model.num_layers) + 1
    moves = np.repeat(np.isin(numbers, layers), run.model.latent_dims)
    direction = attributes.direction(has * moves, lacks * moves)
    strength = attributes.strength(direction, lacks[:_NUM_TRIED], decoded_and_encoded)
    images = getattr(run.data, split)
    values = attribute.values(images)
    with_it, without = (codes[values == value] for value in attribute[:2])
    found = {
        "attribute_strength": strength,
        **{
            f"attribute_read_{name}": float(np.mean(direction.read(z) > 0.5))
            for name, z in {
                "where_had": with_it,
                "where_lacked": without,
                "unchanged": decoded_and_encoded(without),
                "changed": decoded_and_encoded(direction.moved(without, strength)),
            }.items()
        },
    }
    rows = np.flatnonzero(values == attribute.lacks)[:_NUM_CHANGED]
    moved = direction.moved(codes[rows, np.newaxis], strength * _PARTS[:, np.newaxis])
    as_images = run.model.modality.as_images
    decoded = as_images(run.model.decode(moved.reshape(-1, codes.shape[-1])).mean().numpy())
    examples = as_images(_examples(run, split, rows))[:, np.newaxis]
    decoded = decoded.reshape(len(rows), len(_PARTS), *decoded.shape[1:])
    pictures = np.concatenate([examples, decoded], axis=1)
    return pictures.reshape(-1, *decoded.shape[2:]), found


def _examples(run, split, rows):
    """The examples of these rows, in rising order, as the model sees them."""
    batches = run_data.evaluation_batches(run.config, run.data, split, _AT_ONCE)
    needed = batches.take(rows[-1] // _AT_ONCE + 1)
    return np.concatenate([batch.x for batch in needed])[rows]


def _write_projector(codes, columns, shown, out):
    """TensorBoard's files of the examples shown: codes, what is known of them, thumbnails."""
    from tensorboard.plugins import projector

    config = projector.ProjectorConfig()
    embedding = config.embeddings.add(tensor_name="codes", tensor_path="codes.tsv")
    with whole_file(out / "codes.tsv") as file:
        np.savetxt(file, codes[: len(shown)], fmt="%.6g", delimiter="\t")
    if columns:
        embedding.metadata_path = "columns.tsv"
        rows = zip(*(values[: len(shown)].tolist() for values in columns.values()), strict=True)
        # The projector wants no header over a single column.
        lines = [*([columns] if len(columns) > 1 else []), *rows]
        # A name may hold tabs and line breaks, which would part cells and lines.
        cells = ([" ".join(str(cell).split()) for cell in line] for line in lines)
        text = "".join("\t".join(line) + "\n" for line in cells)
        write_atomically(out / "columns.tsv", text)
    embedding.sprite.image_path = "images.png"
    embedding.sprite.single_image_dim.extend(shown.shape[2:0:-1])
    with whole_file(out / "images.png") as file:
        _thumbnails(shown).save(file)
    projector.visualize_embeddings(str(out), config)
    names = ["codes.tsv", *(["columns.tsv"] if columns else []), "images.png"]
    return [out / name for name in (*names, "projector_config.pbtxt")]


def _thumbnails(images):
    """All images [N, H, W, C] in one square of rows, as the projector wants them."""
    from PIL import Image

    if images.dtype != np.uint8:
        images = np.uint8(np.round(255 * np.clip(images.astype(np.float32), 0, 1)))
    images = np.repeat(images[..., :1], 3, axis=-1) if images.shape[-1] != 3 else images
    side = math.ceil(math.sqrt(len(images)))
    filled = np.pad(images, [(0, side**2 - len(images)), (0, 0), (0, 0), (0, 0)])
    rows = filled.reshape(side, side, *images.shape[1:]).swapaxes(1, 2)
    return Image.fromarray(rows.reshape(side * images.shape[1], side * images.shape[2], 3))
