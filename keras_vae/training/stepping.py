"""One optimizer step: its gradients, of the batch at once or in parts, and whether it is taken."""

from typing import TYPE_CHECKING

from keras_vae._compat import of_user, tf
from keras_vae.batches import Batch
from keras_vae.training import refusals
from keras_vae.training.metrics import no_values, track, values_of
from keras_vae.training.running import with_noise

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable


def take_step(model: "Trainable", batch: Batch) -> None:
    """One optimizer step of a compiled model."""
    # The metrics are those of the weights before they move.
    if model.gradient_accumulation_steps == 1:
        values, gradients = _of_batch(model, batch)
        weight = batch.weight
    else:
        values, gradients = _of_parts(model, batch)
        weight = tf.cast(tf.shape(batch.x)[0], tf.float32)
    if model.skip_threshold is None:
        track(model, values, weight)
        _take(model, zip(gradients, model.trainable_variables, strict=True))
    else:
        _take_or_skip(model, gradients, values, weight)


def _of_batch(model, batch, unconnected="none"):
    """(the metrics' values, the gradients of the batch's mean loss, to be summed over replicas)."""
    with tf.GradientTape() as tape:
        terms = model(batch, training=True)
        # The KL is in `losses` where the objective has it there, and in `terms` for the rest.
        loss = of_user(model.objective)(terms, model.beta)  # [B]
        if batch.weight is not None:
            refusals.check_weighted(model)
            loss = tf.reduce_mean(batch.weight * loss)
        loss += tf.add_n([0.0, *model.losses])
        weight = of_user(model.objective.gradient_weight)(terms, model.beta)
        if weight is not None:
            terms.gradient_weight.set(weight)
        # The optimizer sums gradients over replicas: the one place that scales for them.
        scaled = tf.reduce_mean(loss) / model.distribute_strategy.num_replicas_in_sync
    if batch.weight is not None:  # What is shown are weighed means.
        loss = tf.math.divide_no_nan(loss, tf.reduce_mean(batch.weight))
    values = values_of(model, loss, terms, batch)
    variables = model.trainable_variables
    return values, tape.gradient(scaled, variables, unconnected_gradients=unconnected)


def _of_parts(model, batch):
    """`_of_batch`, of equal parts of the batch one after the other; values are their means.

    Memory holds what one part needs, and the noise of the batch.
    """
    parts = with_noise(model, batch).in_parts(model.gradient_accumulation_steps)
    num_parts = parts.num_steps

    def add(i, values, gradients):
        of_part, more = _of_batch(model, parts.step(i), "zero")
        values = {name: v + tf.reduce_mean(of_part[name]) / num_parts for name, v in values.items()}
        more = [tf.convert_to_tensor(gradient) / num_parts for gradient in more]
        return i + 1, values, [a + b for a, b in zip(gradients, more, strict=True)]

    nothing = (
        0,
        no_values(model),
        [tf.zeros(variable.shape, variable.dtype) for variable in model.trainable_variables],
    )
    _, values, gradients = tf.while_loop(
        lambda i, *_: i < num_parts, add, nothing, parallel_iterations=1
    )
    return values, gradients


def _take(model, gradients_and_variables, **options):
    model.optimizer.apply_gradients(gradients_and_variables, **options)
    if model.ema is not None:
        model.ema.update(model.optimizer.iterations)


def _take_or_skip(model, gradients, values, weight):
    """Takes the step if its gradients' norm is finite and at most the threshold; counts it anyhow.

    The norm is that of gradients summed over replicas, so that all do the same.

    References:
      Child 2021, Very deep VAEs generalize autoregressive models, section 4.2.
    """
    found = zip(gradients, model.trainable_variables, strict=True)
    gradients, variables = zip(*(pair for pair in found if pair[0] is not None), strict=True)
    if on_replicas := tf.distribute.has_strategy():
        replica = tf.distribute.get_replica_context()
        gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
    norm = tf.linalg.global_norm(gradients)
    taken = tf.math.is_finite(norm) & (norm <= model.skip_threshold)
    track(model, values, weight, skipped=~taken)
    pairs = list(zip(gradients, variables, strict=True))
    if on_replicas:
        _take_and_undo(model, pairs, taken)
    else:
        tf.cond(taken, lambda: _take(model, pairs), lambda: _count_alone(model.optimizer))


def _count_alone(optimizer):
    optimizer.iterations.assign_add(1)


def _take_and_undo(model, pairs, taken):
    """Takes the step on replicas, and undoes it unless it is to be `taken`.

    (No branch of a graph may update what replicas mirror.)
    """
    optimizer = model.optimizer
    changed = [*model.trainable_variables, *optimizer.variables]
    changed = [variable for variable in changed if variable is not optimizer.iterations]
    if model.ema is not None:
        changed += model.ema.averages
    before = [tf.identity(variable) for variable in changed]
    _take(model, pairs, experimental_aggregate_gradients=False)
    for variable, value in zip(changed, before, strict=True):
        # Each replica sets its own: by `assign` they would have to agree on it first.
        value = tf.where(taken, tf.identity(variable), value)
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)
