"""Draws images on a device: python -m export.sample --model=generator.tflite --seed=7 --out=a.png

Needs numpy, pillow and ai-edge-litert, and nothing else of this project: no TensorFlow.
"""

import argparse
import hashlib
import json
import math
import pathlib
import re
import struct
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

_OUTPUTS = ("image", "sample")
# What reading a file raises that isn't what it should be, beside ValueError.
_DAMAGED = (RecursionError, LookupError, TypeError, AttributeError, struct.error)


def main(arguments: Sequence[str] | None = None) -> None:
    flags = _parser().parse_args(arguments)
    try:
        _check_picture(pathlib.Path(flags.out))
        images = sample(
            flags.model,
            flags.seed,
            flags.n,
            flags.temperature,
            flags.condition,
            flags.output,
            flags.vary,
        )
        _save(grid(images), pathlib.Path(flags.out))
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    print(f"{flags.out}: {len(images)} images")


def sample(
    model: str | pathlib.Path,
    seed: int,
    n: int,
    temperature: float | Sequence[float] = 1.0,
    condition: str | None = None,
    output: str = "image",
    vary: int | None = None,
) -> np.ndarray:
    """Images [n, H, W, C] of seeds (seed, 0) to (seed, n - 1), the same on every device.

    Models of several layers of latents can also vary the first of these images.

    Args:
      model: path of a generator.tflite.
      seed: int32.
      n: how many.
      temperature: multiplies the prior's standard deviation; of models with several layers of
        latents one number, or one for each layer, first that of the layer next to the pixels.
      condition: of conditional models, for all images: a label, by its number or by its name in
        the model card, or the path of an image.
      output: "image", the mean of p(x|z), or "sample", a draw of it.
      vary: all images are that of (seed, 0), with its lowest `vary` layers drawn anew.

    Raises:
      ValueError, OSError: in one sentence, what can't be.
    """
    if not _is_whole(n, 1, math.inf):
        raise ValueError(f"n must be at least 1 and whole, got {n}.")
    if not _is_whole(seed, -(2**31), 2**31 - 1):
        raise ValueError(f"seed must be a whole number of 32 bits, got {seed}.")
    if output not in _OUTPUTS:
        raise ValueError(f"output must be {' or '.join(_OUTPUTS)}, got {output}.")
    interpreter = _opened(model)
    run, size = _largest(model, interpreter, "sample_with_temperature")
    kinds = run.get_input_details()
    inputs = {"temperature": _temperature(temperature, kinds["temperature"]["shape"])}
    if ("condition" in kinds) != (condition is not None):
        wants = "needs a" if "condition" in kinds else "takes no"
        raise ValueError(f"{model} {wants} condition. Give one where it is needed, and only there.")
    if condition is not None:
        inputs["condition"] = _condition(model, condition, kinds["condition"])
    if vary is not None:
        num_layers = max(1, inputs["temperature"].size)
        if num_layers == 1 or not _is_whole(vary, 0, num_layers):
            wanted = f"from 0 to the {num_layers} layers of latents"
            if num_layers == 1:
                wanted = "left out: the model has one layer of latents"
            raise ValueError(f"vary must be {wanted}, got {vary}.")
        first = _drawn(model, run, seed=_seeds(seed, 0, size), **inputs)["z"][:1]
        run, size = _largest(model, interpreter, "vary")
        inputs |= {"z": np.repeat(first, size, axis=0), "num_layers": np.array(vary, np.int32)}
    batches = [
        _drawn(model, run, seed=_seeds(seed, i, size), **inputs)[output] for i in range(0, n, size)
    ]
    return np.concatenate(batches)[:n]


def _is_whole(number, lowest, highest):
    is_one = isinstance(number, int | np.integer) and not isinstance(number, bool)
    return is_one and lowest <= number <= highest


def _drawn(model, run, **inputs):
    """The outputs of a signature."""
    try:
        return run(**inputs)
    except RuntimeError as error:
        raise ValueError(f"model={model} can't be run: {error}") from error


def _seeds(seed, start, size):
    """The pairs (seed, start), (seed, start + 1), …, [size, 2]."""
    index = np.arange(start, start + size)
    return np.stack([np.full_like(index, seed), index], axis=1).astype(np.int32)


def _temperature(given, shape):
    """One number, or one for each layer, as the file takes it."""
    values = np.asarray(given, np.float32)
    if values.ndim and values.shape != tuple(shape):
        several = f" or {shape[0]} of them" if len(shape) else ""
        raise ValueError(f"temperature must be a number{several}, got {values.size} numbers.")
    if not np.all((values >= 0) & (values < math.inf)):
        raise ValueError(f"temperature must be a number from 0 on, got {given}.")
    return np.array(np.broadcast_to(values, shape))


def grid(images: np.ndarray) -> Image.Image:
    """Images [N, H, W, C] in [0, 1] in one picture, about as many columns as rows."""
    if images.ndim != 4:
        raise ValueError(
            f"the model's values are of shape {list(images.shape[1:])}, no images [H, W, C] to "
            "write as a picture. Call sample() in Python for the values."
        )
    count, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    pixels = np.zeros([rows * columns, height, width, 3], np.uint8)
    pixels[:count] = np.round(255 * np.clip(images[..., : 3 if channels == 3 else 1], 0, 1))
    table = pixels.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return Image.fromarray(table.reshape(rows * height, columns * width, 3))


def _opened(model):
    """The file in a runtime, once it is what it was when it was exported."""
    if not pathlib.Path(model).is_file():
        raise FileNotFoundError(f"model={model} must be a generator.tflite, but there is no file.")
    content = pathlib.Path(model).read_bytes()
    _check_checksum(pathlib.Path(model), content)
    try:
        interpreter = Interpreter(model_content=content)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"model={model} can't be opened: {error}") from error
    _check_operators(model, content)
    return interpreter


def _damaged(model):
    return f"model={model} is damaged: it can't be read as a generator. Take another copy."


def _largest(model, interpreter, verb):
    """(runner, batch size) of the largest signature of a verb that samples."""
    names = interpreter.get_signature_list()
    sizes = [int(found[1]) for name in names if (found := re.fullmatch(rf"{verb}_(\d+)", name))]
    if not sizes:
        raise ValueError(f"model={model} has no signature that samples, only {', '.join(names)}.")
    return interpreter.get_signature_runner(f"{verb}_{max(sizes)}"), max(sizes)


def _check_checksum(model, content):
    """Raises ValueError unless a file is what the model card beside it says, if there is one."""
    found = hashlib.sha256(content).hexdigest()
    for beside, key in (("model_card.json", "files"), ("parity.json", "artefacts")):
        try:
            files = json.loads(model.with_name(beside).read_text(encoding="utf-8"))[key]
            wanted = files[model.name]["sha256"][model.name]
        except (OSError, ValueError, *_DAMAGED):
            continue
        if wanted != found:
            raise ValueError(
                f"model={model} is damaged or was changed: its checksum is not that of when it was "
                f"exported, in {beside}. Take another copy."
            )


def _check_operators(model, content):
    """Raises ValueError for operators that aren't TFLite's own: a runtime may have any for them."""
    try:
        found = schema.Model.GetRootAs(content)
        names = [found.OperatorCodes(i).CustomCode() for i in range(found.OperatorCodesLength())]
    except _DAMAGED as error:
        raise ValueError(_damaged(model)) from error
    if custom := [name.decode(errors="replace") for name in names if name]:
        raise ValueError(
            f"model={model} is refused: it holds the operators {', '.join(custom)}, which are none "
            "of TFLite's own. Export it anew."
        )


def _condition(model, given, details):
    """A batch of the same condition: a label, or an image's path."""
    shape, dtype = tuple(details["shape"]), details["dtype"]
    if len(shape) == 1:
        return np.full(shape, _label(read_card(model), given), dtype)
    try:
        image = _image(given, "RGB" if shape[-1] == 3 else "L")
    except (Image.DecompressionBombError, SyntaxError, EOFError, struct.error) as error:
        raise ValueError(f"condition={given} can't be read as an image: {error}") from error
    image = image.reshape(*image.shape[:2], -1)
    if image.shape != shape[1:]:
        raise ValueError(f"condition must be an image of shape {shape[1:]}, got {image.shape}.")
    return np.broadcast_to(image, shape).astype(dtype)


def _image(path, mode):
    """The pixels [H, W] or [H, W, 3] of an image file, from 0 to 1."""
    with Image.open(path) as file:
        if file.has_transparency_data or file.mode[0] in "IF":
            raise ValueError(
                f"condition={path} must be an image of 8 bits a value and without transparency, "
                f"got mode {file.mode}. Save it so."
            )
        return np.asarray(file.convert(mode), np.float32) / 255


def _label(card, given):
    """The number of a label that is given by its name or, where no name looks so, by a number."""
    names = card.get("class_names", [])
    if given in names:
        return names.index(given)
    highest = card["ranges"]["condition"][1] if card else 2**31 - 1
    is_text = isinstance(given, str) and any(name.lstrip("-").isdecimal() for name in names)
    if is_text or not str(given).isdecimal() or int(given) > highest:
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        known = f", or one of {', '.join(names[:10])}{more}; " if names else ", "
        raise ValueError(f"condition must be a label from 0 to {highest}{known}got {given}.")
    return int(given)


def read_card(model: str | pathlib.Path) -> dict[str, Any]:
    """The model card in the file; empty if there is none.

    Raises:
      ValueError: the file is damaged.
    """
    content = pathlib.Path(model).read_bytes()
    try:
        found = schema.Model.GetRootAs(content)
        for metadata in map(found.Metadata, range(found.MetadataLength())):
            if metadata.Name() == b"model_card.json":
                return dict(json.loads(found.Buffers(metadata.Buffer()).DataAsNumpy().tobytes()))
    except (ValueError, *_DAMAGED) as error:
        raise ValueError(_damaged(model)) from error
    return {}


def _check_picture(path):
    """Raises ValueError or OSError unless a picture can be written to `path`."""
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"out must be a picture such as samples.png, got {path}.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"out={path}: there is no folder {path.parent}.")


def _save(picture, path):
    """Writes a picture that has its name only when it is complete."""
    part = path.with_suffix(f".part{path.suffix}")
    try:
        picture.save(part)
        part.replace(path)
    except OSError as error:
        raise OSError(f"{path} can't be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def numbers(text: str) -> float | list[float]:
    """One number, or several that commas separate."""
    numbers = [float(part) for part in text.split(",")]
    return numbers if len(numbers) > 1 else numbers[0]


def _parser():
    parser = argparse.ArgumentParser(prog="python -m export.sample", description=__doc__)
    parser.add_argument("--model", required=True, help="a generator.tflite")
    parser.add_argument("--seed", type=int, default=0, help="the same gives the same images")
    parser.add_argument("--n", type=int, default=16, help="how many images")
    parser.add_argument(
        "--temperature",
        type=numbers,
        default=1.0,
        help="below 1: less varied; one number, or one for each layer of latents: 0.9,0.7,0.7",
    )
    parser.add_argument(
        "--vary",
        type=int,
        help="draw only so many layers of latents anew, those next to the pixels: images of the "
        "same seed that differ in details",
    )
    parser.add_argument("--condition", help="a label, its name, or an image's path")
    parser.add_argument("--output", choices=_OUTPUTS, default="image", help="mean, or drawn pixels")
    parser.add_argument("--out", required=True, help="the picture to write, a .png")
    return parser


if __name__ == "__main__":
    main()
