"""Which options can't be combined with latents that form a map (`latent_shape`), and why."""

import itertools

from keras_vae.config.members import AXES
from keras_vae.config.rules import text
from keras_vae.config.sections import ModelConfig
from keras_vae.ops.shapes import halved


def check_latent_shape(model: ModelConfig) -> None:
    """Raises ValueError saying why latents can't form a map of the shape latent_shape."""
    if model.latent_shape is None:
        return
    given = f"latent_shape={text(model.latent_shape, 'x')}"
    if len(model.latent_shape) != 3:
        raise ValueError(f"{given} must be height, width and channels of a map, as in 8x8x4.")
    if model.latent_dim != ModelConfig.latent_dim:
        raise ValueError(
            f"{given} with latent_dim={model.latent_dim}: both say how many latents there are. "
            "Leave latent_dim out."
        )
    if AXES["structure"][model.structure].kind.groups != "latents":
        raise ValueError(
            f"{given} with structure={model.structure}: only one layer of latents can be a "
            "map. Use structure=single."
        )
    for axis in ("posterior", "decoder"):
        _check_takes_maps(model, axis, given)
    if model.event_shape is not None:
        _check_size(model, given)


def _check_takes_maps(model, axis, given):
    members, name = AXES[axis], getattr(model, axis)
    if members[name].kind is None or members[name].kind.takes_maps:
        return
    others = [other for other, member in members.items() if member.kind and member.kind.takes_maps]
    raise ValueError(
        f"{given} with {axis}={name}: this {axis} takes flat latents only. Use "
        f"{axis}={' or '.join(others)}, or latent_dim."
    )


def _check_size(model, given):
    """Checks that the map has the size of the encoder network's smallest feature maps."""
    size, number = model.event_shape[:2], len(model.filters)
    smallest = halved(size, number)
    if model.latent_shape[:2] == smallest:
        return
    sizes = [halved(size, times) for times in range(1, max(size).bit_length() + 1)]
    others = [
        f"{text(found, 'x')} ({times})"
        for times, (found, _) in enumerate(itertools.groupby(sizes), start=1)
    ]
    raise ValueError(
        f"{given} with filters={text(model.filters)} on {text(size, 'x')} images: the network's "
        f"smallest maps are {text(smallest, 'x')}, as each filter halves the size. Use "
        f"latent_shape={text((*smallest, model.latent_shape[-1]), 'x')}, or another number of "
        f"filters: {', '.join(others)}."
    )
