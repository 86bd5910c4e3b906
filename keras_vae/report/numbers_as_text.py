"""How the numbers of an evaluation are written, and on what they were measured."""

import math
from typing import Any

from keras_vae.measures import error_key, p_value_key


def number(key: str, evaluation: dict[str, Any]) -> str:
    """A number of the evaluation, with its error or p-value if there is one: '97.31 ± 0.42'."""
    value, stderr = evaluation.get(key), evaluation.get(error_key(key))
    if value is not None and stderr is not None:
        return with_error(value, stderr)
    p_value = evaluation.get(p_value_key(key))
    return in_short(value) + ("" if p_value is None else f" (p = {in_short(p_value)})")


def with_error(value: float, stderr: float | None) -> str:
    """A number with as many digits as its error has two of; alone, if no error is known."""
    if stderr is None:
        return in_short(value)
    digits = max(0, 1 - math.floor(math.log10(stderr))) if stderr > 0 else 2
    return f"{value:,.{digits}f} ± {stderr:,.{digits}f}"


def in_short(value: Any) -> str:
    """A number, or several, or words; whatever JSON holds."""
    if value is None:
        return "none"
    if isinstance(value, str | dict):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(in_short, value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4g}"


def measured_on(evaluation: dict[str, Any]) -> str:
    """A sentence on what the numbers of an evaluation are of: data, samples and weights."""
    how = {
        "none": "as they are",
        "threshold": "black or white by a threshold",
        "dynamic": f"binarized by draws of seed {evaluation.get('binarization_seed')}",
    }.get(evaluation["binarization"], f"binarization={evaluation['binarization']}")
    samples, n = evaluation.get("num_samples"), evaluation["num_examples"]
    there = evaluation.get("num_test_examples", n)
    return (
        f"Measured on {n:,} {'' if n == there else f'of the {there:,} '}examples of the "
        f"{evaluation['split']} split of {evaluation['dataset']}, {how}"
        + (f", by {samples:,} importance samples of each" if samples else "")
        + f"; weights of step {evaluation['step']:,} (checkpoint {evaluation['checkpoint']})"
        + (", averaged over training." if evaluation["ema"] else ".")
    )
