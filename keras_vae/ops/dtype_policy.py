"""Keras' dtype policies: bodies may compute in bfloat16, all that makes densities in float32."""

import contextlib
from collections.abc import Iterator
from typing import Any

from keras_vae._compat import tfk

FLOAT32, BFLOAT16 = "float32", "mixed_bfloat16"


class Float32:
    """The first base class of a layer that computes in float32, whatever Keras' policy is.

    Those are the layers that make densities, and layers for whose numbers bfloat16, with 8 bits of
    precision, is too coarse. As any layer of float32, they cast what bodies in bfloat16 give them.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs | {"dtype": FLOAT32})


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """Inside, new layers have the policy `name`, as by Keras' set_global_policy."""
    before = tfk.mixed_precision.global_policy()
    tfk.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        tfk.mixed_precision.set_global_policy(before)


def chosen(name: str | None) -> str:
    """The policy of this name; Keras' global one if None.

    Raises:
      ValueError: it isn't supported.
    """
    if name is not None:
        check(name)
        return name
    name = tfk.mixed_precision.global_policy().name
    check(name, "Keras' global policy ")
    return name


def check(name: str, of: str = "dtype_policy=") -> None:
    """Raises ValueError unless a policy is supported; `of` says where the name comes from."""
    if name not in (FLOAT32, BFLOAT16):
        raise ValueError(
            f"{of}{name} isn't supported: weights and densities are float32, and log-densities of "
            f"whole examples are beyond float16. Use {BFLOAT16}, or {FLOAT32}."
        )


def is_mixed(model: tfk.Model) -> bool:
    """Whether a layer of a model computes in bfloat16."""
    # Metrics are layers too, of which Keras takes the policy, but they compute in float32.
    return any(
        isinstance(part, tfk.layers.Layer)
        and not isinstance(part, tfk.metrics.Metric)
        and part.dtype_policy.name == BFLOAT16
        for part in model.submodules
    )


def in_float32(config: Any) -> Any:
    """The config of a Keras model, or part of one, whose layers compute in float32."""
    if isinstance(config, list | tuple):
        return [in_float32(item) for item in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "Policy":
        return FLOAT32
    return {name: in_float32(value) for name, value in config.items()}
