"""Which numbers of an evaluation should worry its reader, and what to do about them."""

from typing import Any

from keras_vae.messages.sentences import some

# Looseness in nats that ten effective samples leave. With fewer, the largest weights dominate.
_LOOSE = 0.05
# Nats that annealing may gain over importance samples, beside the standard error of that gain.
_MISSED = 0.1
# Rate in nats below which latents, or a stochastic layer, say nothing of x.
COLLAPSED = 0.1
# Share of training steps that may be skipped: Child 2021 skips one in ten thousand.
_SKIPPED = 0.01
# Precision that samples can't have that a network tells from test images this much more often than
# training images.
_PRECISE, _TOLD_APART = 0.95, 0.3


def alarms(
    result: dict[str, Any], has_encoder: bool = True, has_layers_of_maps: bool = False
) -> list[str]:
    """Sentences about what is wrong, each with the remedy.

    Args:
      result: what `likelihood` gives, and any other numbers of an evaluation, by the keys of
        `keras_vae.measures`.
      has_encoder: whether latents are inferred at all, so that they can fail to be.
      has_layers_of_maps: whether there are so many latents that importance samples hardly tighten
        the ELBO, of which there is no alarm then.
    """
    found = []
    looseness = result["nll_looseness_nats"]
    if result["nll_nats"] is not None and looseness is None and not has_layers_of_maps:
        found.append(
            f"Of {result['num_samples']} importance samples {result['effective_sample_size']:.1f} "
            "count, too few to tell how far the likelihood is from log p(x). Quote the ELBO; raise "
            "num_samples, or anneal its run (ais_examples)."
        )
    if looseness is not None and looseness > _LOOSE:
        found.append(
            f"Of {result['num_samples']} importance samples {result['effective_sample_size']:.1f} "
            f"count: the likelihood is a bound, some {looseness:.2f} nats off or more, of which "
            "its standard error says nothing. Raise num_samples."
        )
    gain = result.get("ais_below_importance_nats")
    if gain is not None and gain > _MISSED + 2.0 * (result["ais_below_importance_stderr"] or 0.0):
        found.append(
            f"Annealing finds {gain:.2f} nats that {result['num_samples']} importance samples "
            "miss: the likelihood is too low by that much at least. Raise num_samples."
        )
    found += [text for name, text in result.items() if name.endswith("_left_out")]
    if result.get("unseen_labels"):
        names = some([str(label) for label in result["unseen_labels"]])
        found.append(
            f"Test images of classes that no training image is of: {result['unseen_num_examples']} "
            f"({names}). Nothing learned can tell them, and they count in all numbers. Train on "
            "such images too, or take them out of the test split."
        )
    told = result.get("told_apart_accuracy") or 0.0
    by_chance = result.get("told_apart_accuracy_train") or 0.5
    if told - by_chance > _TOLD_APART and result["precision"] > _PRECISE:
        found.append(
            f"A small network tells samples from test images in {told:.0%} of cases, while "
            f"precision calls {result['precision']:.0%} of them like the data: the feature space "
            "is too weak to be believed. Judge by the pictures and by told_apart_accuracy."
        )
    if (skipped := result.get("skipped_steps") or 0.0) > _SKIPPED:
        found.append(
            f"Of the training's steps {skipped:.1%} were skipped: the norm of their gradients was "
            "above skip_threshold, or not finite. Try a higher skip_threshold, a lower "
            "learning_rate, or a longer learning_rate_warmup_epochs."
        )
    if not has_encoder:
        return found
    if result["rate_nats"] is not None and result["rate_nats"] < COLLAPSED:
        found.append(
            f"The posterior has collapsed: the rate is {result['rate_nats']:.3f} nats, so the "
            "latents say nothing of an example. Try beta_schedule=linear with "
            "beta_warmup_epochs, a lower beta if it is above 1, objective=free_bits, or a "
            "decoder that can do less alone."
        )
    layers = result["rate_nats_by_layer"] or []
    unused = [str(i) for i, rate in enumerate(layers, 1) if rate < COLLAPSED]
    if unused and len(unused) < len(layers):
        remedy = (
            "They cost time alone: leave out as many in stages."
            if has_layers_of_maps
            else "Try objective=free_bits, a longer beta_warmup_epochs, fewer layers, or "
            "structure=ladder if it is bottom_up."
        )
        found.append(
            f"Of {len(layers)} stochastic layers, counted from x, these carry nothing: "
            f"{', '.join(unused)}. {remedy}"
        )
    label = result.get("label_information_nats")
    if label is not None and label < COLLAPSED:
        found.append(
            f"The label among the latents has collapsed: it tells {label:.3f} nats, so clusters "
            "mean nothing. Try prior=mixture with warm_start, which begins with clusters of a "
            "trained model's codes."
        )
    return found
