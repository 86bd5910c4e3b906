"""Which numbers of an evaluation should worry its reader, and what to do about them."""

# Below so many samples that count, a weighted mean is ruled by its largest weights.
_LEAST_SAMPLE_SIZE = 10
# Nats below which latents, or a stochastic layer, say nothing of x.
_COLLAPSED = 0.1


def alarms(result: dict) -> list[str]:
    """Sentences about what is wrong, each with the remedy.

    Args:
      result: what `likelihood` gives.
    """
    found = []
    size, num_samples = result["effective_sample_size"], result["num_samples"]
    if size is not None and size < min(_LEAST_SAMPLE_SIZE, num_samples / 2):
        found.append(
            f"Of {num_samples} importance samples {size:.1f} count: the likelihood is a loose "
            "bound, and its standard error says nothing of that. Raise --num_samples."
        )
    if result["rate_nats"] is not None and result["rate_nats"] < _COLLAPSED:
        found.append(
            f"The posterior has collapsed: the rate is {result['rate_nats']:.3f} nats, so the "
            "latents say nothing of an image. Try --beta_schedule=linear with "
            "--beta_warmup_epochs, --objective=free_bits, or a decoder that can do less alone."
        )
    layers = result["rate_nats_by_layer"] or []
    unused = [str(i) for i, rate in enumerate(layers, 1) if rate < _COLLAPSED]
    if unused and len(unused) < len(layers):
        found.append(
            f"Of {len(layers)} stochastic layers, counted from the image, these carry nothing: "
            f"{', '.join(unused)}. Try --objective=free_bits, a longer --beta_warmup_epochs, "
            "--structure=ladder, or fewer layers."
        )
    return found
