"""Trainable: what Keras' `fit` does with a model of latent variables."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import numpy as np

from keras_vae import objectives
from keras_vae._compat import ConditionLike, TensorLike, of_user, tf, tfk
from keras_vae.batches import Batch, Block
from keras_vae.data import Split, steps_per_epoch
from keras_vae.inputs import TakesExamples, check_element_spec
from keras_vae.inputs.arguments import (
    as_batch,
    as_conditions,
    as_input,
    check_parts,
    is_array,
    next_batch,
    refuse_weights,
)
from keras_vae.messages.notes import note
from keras_vae.networks.recomputable import set_recompute
from keras_vae.objectives import Objective
from keras_vae.ops.dtype_policy import Float32
from keras_vae.rate import AddRate, Rate
from keras_vae.seeds import Site
from keras_vae.terms import Terms
from keras_vae.training import metrics, refusals, schedules
from keras_vae.training.feeding import evaluation_set, training_set
from keras_vae.training.fused_adam import FusedAdam
from keras_vae.training.moving_average import MovingAverage
from keras_vae.training.planning import PlanByFit, planned
from keras_vae.training.running import block_runner, block_taker, with_noise
from keras_vae.training.schedules import Schedule
from keras_vae.training.stepping import take_step
from keras_vae.training.steps_bar import with_steps_bar
from keras_vae.training.xla import prefers_xla

_BATCH_SIZE = 32  # Keras' own


class Trainable(Float32, TakesExamples):
    """A Keras model that trains by blocks of steps.

    A subclass says what its latent variables are:
      terms(x, noise, condition, stop_posterior, training, mask) -> Terms: see `VAE.terms`.
      draw_noise(seed, num_samples, batch_size): the noise that `terms` needs, [S, B, N].
      has_bound: whether it has a bound on log p(x).
      has_analytic_kl: whether the KL of each Rate has a closed form.

    Args:
      seed: root of all random draws that are not given a seed of their own.
    """

    # How a Split is binarized; None leaves it to the likelihood. `build` sets it.
    binarization = None
    # How images of a Split are augmented in training; `build` sets it.
    augment: tuple[str, ...] = ()
    objective: Objective = objectives.SGVB()  # Until it is compiled.
    ema: MovingAverage | None

    def __init__(self, *, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.beta = tf.Variable(
            1.0,
            trainable=False,
            name="beta",
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self.add_rate = AddRate(weight=self.beta)
        # Plain attributes: Keras would count metrics and averages among the model's weights.
        object.__setattr__(self, "mean_metrics", {})
        object.__setattr__(self, "skipped_metric", None)
        object.__setattr__(self, "ema", None)
        object.__setattr__(self, "_looks_at_batches", True)

    def compile(
        self,
        optimizer: str | tfk.optimizers.Optimizer = "adam",
        objective: Objective | None = None,
        *,
        beta: float | Schedule = 1.0,
        ema_decay: float | None = None,
        skip_threshold: float | None = None,
        gradient_accumulation_steps: int = 1,
        gradient_checkpointing: bool = False,
        jit_compile: bool | Literal["auto"] = "auto",
        run_eagerly: bool = False,
    ) -> None:
        """Prepares training.

        Args:
          optimizer: a Keras optimizer or its name.
          objective: one of `objectives`; by default SGVB, or Reconstruction for autoencoders.
          beta: weight of the KL, a number or a function of the step (`schedules`).
          ema_decay: if given, `self.ema` follows the weights with this decay. `evaluate`, `save`
            and the export take the average; other verbs do so inside `evaluation_weights()`.
          skip_threshold: if given, a step changes nothing, and counts as `skipped`, when the norm
            of all gradients together, before any clipping, is above it or not finite.
          gradient_accumulation_steps: in how many parts, one after the other, a step takes its
            batch: it needs the memory of one part, and comes out as without.
          gradient_checkpointing: whether residual blocks recompute their activations for
            gradients, which takes less memory and more time.
          jit_compile: whether XLA compiles the steps; "auto" where that is known to help.
          run_eagerly: run step by step in Python, for debugging.
        """
        if objective is None:
            objective = objectives.SGVB() if self.has_bound else objectives.Reconstruction()
        refusals.check_objective(objective, self, beta)
        refusals.check_step(objective, self, skip_threshold, gradient_accumulation_steps)
        if isinstance(optimizer, str) and optimizer.lower() == "adam":
            optimizer = FusedAdam()
        set_recompute(self, gradient_checkpointing)
        super().compile(optimizer=optimizer, run_eagerly=run_eagerly)
        self.objective = objective
        self.beta_schedule = beta if callable(beta) else schedules.constant(beta)
        self.skip_threshold = skip_threshold
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.jit_compile = self._resolve_jit_compile(jit_compile)
        ema = None if ema_decay is None else MovingAverage(self.trainable_variables, ema_decay)
        object.__setattr__(self, "ema", ema)
        object.__setattr__(self, "mean_metrics", metrics.metrics_of(self))
        skipped = None if skip_threshold is None else tfk.metrics.Sum("skipped")
        object.__setattr__(self, "skipped_metric", skipped)

    @property
    def uses_analytic_kl(self) -> bool:
        """Whether the KL in the losses is exact: chosen from TFP's registry when it may be."""
        return self.has_analytic_kl and self.objective.kl_loss != "sampled"

    @property
    def metrics(self) -> list[tfk.metrics.Metric]:
        return [
            *self.mean_metrics.values(),
            *([self.skipped_metric] if self.skipped_metric else []),
        ]

    @property
    def distributed(self) -> bool:
        """Whether the model was made in the scope of a tf.distribute strategy."""
        with self.distribute_strategy.scope():
            return tf.distribute.has_strategy()

    def _resolve_jit_compile(self, jit_compile) -> bool:
        if jit_compile == "auto":
            return not self.distributed and prefers_xla(self)
        if jit_compile and self.distributed:
            raise ValueError(
                "jit_compile=True: steps on replicas aren't compiled by XLA, in which they can't "
                "sum their gradients. Use jit_compile='auto'."
            )
        return bool(jit_compile)

    def fit(
        self,
        x: TensorLike | tf.data.Dataset | Split | Iterable,
        y: ConditionLike | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        *args,
        validation_data: Any = None,
        initial_epoch: int = 0,
        mask: TensorLike | None = None,
        **kwargs,
    ) -> tfk.callbacks.History:
        """Keras' fit, of arrays of examples, of tf.data sets, or of a split of a data set.

        Args:
          x: examples; or a tf.data set of batches: of examples, of pairs with conditions, of
            `Batch(x, condition=.., mask=..)`, whose mask says which values are known, or of Blocks;
            or a `data.Split`, which is binarized where the likelihood needs it and brings its
            labels.
          y: the conditions of a conditional model.
          batch_size, epochs, verbose, callbacks, *args, validation_data, initial_epoch, **kwargs:
            as Keras' fit has them; (x, y) or a Split for validation.
          mask: bool, of x's shape, which values of an array x are known. The bound is that of the
            known values, as if the others were missing at random given these (MAR). A split, and a
            `Batch` of a set, bring their own.

        Raises:
          ValueError: an array has another shape, or values that the likelihood gives no mass to;
            or examples are given weights.
        """
        refuse_weights(**kwargs)
        size, steps = batch_size or _BATCH_SIZE, None
        if mask is not None:
            x, y, batch_size = self._with_mask(x, y, mask, size, shuffle=True), None, None
        if isinstance(x, Split):
            refusals.refuse_conditions(y)
            blocks, kwargs["steps_per_epoch"] = training_set(self, x, size, epochs, initial_epoch)
            steps = steps_per_epoch(x, size)
            callbacks, x, batch_size = with_steps_bar(callbacks, steps), blocks, None
            of_blocks = False
        else:
            x, y = self._input(x, y)
            of_blocks = isinstance(getattr(x, "element_spec", None), Block)
            if self.augment and (is_array(x) or (isinstance(x, tf.data.Dataset) and not of_blocks)):
                note(
                    f"augment={','.join(self.augment)} changes images of a data set's split alone: "
                    "these are trained on as they are."
                )
        if steps or is_array(x):
            refusals.check_parts(self, size)
        validation_data = self._validation(validation_data, size)
        if not of_blocks and not all(schedule.fixed for schedule in planned(self)):
            callbacks = [PlanByFit(initial_epoch, steps), *tf.nest.flatten(callbacks or [])]
        kwargs |= {"validation_data": validation_data, "initial_epoch": initial_epoch}
        with self._looking_at_batches(not is_array(x)):
            return super().fit(x, y, batch_size, epochs, verbose, callbacks, *args, **kwargs)

    def _with_mask(self, x, y, mask, batch_size, shuffle=False):
        """The tf.data set of Batches of an array with its mask."""
        if not is_array(x):
            raise ValueError(
                f"mask is for an array of examples, got a {type(x).__name__}. Give a set of "
                "Batch(x, mask=..), or data.InMemory(x, mask=..)."
            )
        y = as_conditions(self.numbers_of(y))
        check_parts(Batch(x, mask=mask))
        self.settle_levels(np.where(mask, x, np.zeros([], x.dtype)))
        named = {"x": x, "mask": mask} | ({} if y is None else {"condition": y})
        examples = tf.data.Dataset.from_tensor_slices(named)
        if shuffle:
            examples = examples.shuffle(len(x), seed=self.seed)
        return examples.batch(batch_size).map(lambda parts: Batch(**parts))

    def _validation(self, given, batch_size):
        """validation_data as Keras takes it, a tuple or a set; None stays None."""
        if given is None:
            return None
        if isinstance(given, Split):
            return evaluation_set(self, given, batch_size)
        if not isinstance(given, tuple):
            x, _ = self._input(given, name="validation_data")
            return (x,) if is_array(x) else x
        if not 1 <= len(given) <= 3:
            raise ValueError(
                f"validation_data must be (x,) or (x, conditions), got {len(given)} parts."
            )
        x, y, weights = (*given, None, None)[:3]
        refuse_weights(weights)
        return self._input(x, y)[: len(given)]

    def evaluate(
        self,
        x: TensorLike | tf.data.Dataset | Split | Iterable,
        y: ConditionLike | None = None,
        batch_size: int | None = None,
        *args,
        mask: TensorLike | None = None,
        **kwargs,
    ) -> float | list[float] | dict[str, float]:
        """Keras' evaluate (and so `fit`'s validation), with `evaluation_weights`.

        A mask is as in `fit`.
        """
        refuse_weights(*args[1:2], **kwargs)
        if mask is not None:
            x, y = self._with_mask(x, y, mask, batch_size or _BATCH_SIZE), None
            batch_size = None
        if isinstance(x, Split):
            refusals.refuse_conditions(y)
            x, batch_size = evaluation_set(self, x, batch_size or _BATCH_SIZE), None
        elif not kwargs.get("_use_cached_eval_dataset"):  # In validation, fit has checked it.
            x, y = self._input(x, y)
        with self.evaluation_weights(), self._looking_at_batches(not is_array(x)):
            return super().evaluate(x, y, batch_size, *args, **kwargs)

    def predict(self, x: TensorLike | tf.data.Dataset | Iterable, *args, **kwargs) -> np.ndarray:
        """Keras' predict, of examples, a set of them, or either with their conditions: (x, c)."""
        if isinstance(x, (tuple, list)) and len(x) == 2 and self.condition is not None:
            x, condition = np.asarray(x[0]), as_conditions(self.numbers_of(x[1]))
            self.check_examples(x, condition)
            batch_size = (args[0] if args else kwargs.pop("batch_size", None)) or _BATCH_SIZE
            x = tf.data.Dataset.from_tensor_slices((x, condition)).batch(batch_size)
            args = (None, *args[1:])  # The set has its batches.
        x, _ = self._input(x, settles=False)
        with self._looking_at_batches(not is_array(x)):
            return super().predict(x, *args, **kwargs)

    def train_on_batch(
        self, x: TensorLike, y: ConditionLike | None = None, *args, **kwargs
    ) -> float | list[float] | dict[str, float]:
        """Keras' own, of one batch of examples and their conditions."""
        refuse_weights(*args[:2], **kwargs)
        return super().train_on_batch(*self._batch(x, y), *args, **kwargs)

    def test_on_batch(
        self, x: TensorLike, y: ConditionLike | None = None, *args, **kwargs
    ) -> float | list[float] | dict[str, float]:
        """As `train_on_batch`."""
        refuse_weights(*args[:1], **kwargs)
        return super().test_on_batch(*self._batch(x, y), *args, **kwargs)

    def _batch(self, x, y):
        return as_input(x), as_conditions(self.numbers_of(y))

    def _input(self, x, y=None, name="x", settles=True):
        """(x, y) as Keras is to have them.

        A set, or a generator, shows the values of each batch when it comes: see `looked_at`.

        Raises:
          ValueError: what can be known of an input before its first batch can't be taken.
        """
        x, y = as_input(x, name), as_conditions(self.numbers_of(y))
        if is_array(x):
            if settles:
                self.settle_levels(x)
            self.check_examples(x, y)
        elif isinstance(x, tf.data.Dataset):
            check_element_spec(x.element_spec, self.check_shape)
            # A batch without a mask has a spec too, of None.
            if isinstance(getattr(x.element_spec, "mask", None), tf.TensorSpec):
                self.check_masks()
        return x, y

    @contextlib.contextmanager
    def _looking_at_batches(self, wanted: bool):
        """Inside, batches are checked or not: those of an array that was checked whole need not."""
        before = self._looks_at_batches
        object.__setattr__(self, "_looks_at_batches", wanted)
        try:
            yield
        finally:
            object.__setattr__(self, "_looks_at_batches", before)

    def evaluation_weights(self) -> contextlib.AbstractContextManager[None]:
        """Context in which the weights are the moving average, where there is one.

        Before the first step nothing has been averaged, and the weights stay as they are.
        """
        if self.ema is None or not int(self.optimizer.iterations.numpy()):
            return contextlib.nullcontext()
        return self.ema.applied()

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Keras' set_weights; the moving average begins anew, at these."""
        super().set_weights(weights)
        if self.ema is not None:
            self.ema.begin()

    def step_terms(self, batch: Batch, training: bool = False) -> Terms:
        """The terms of a batch; adds the KL to the losses where the objective has it there.

        To be entered through Keras' `__call__`, which alone keeps the losses of several layers.
        """
        batch = with_noise(self, batch)
        terms = self.terms(
            batch.x,
            batch.noise,
            batch.condition,
            stop_posterior=self.objective.stop_posterior,
            draw_all=training,
            mask=batch.mask,
        )
        if self.objective.kl_loss is not None:
            self.add_rates(terms.rates)
        return terms._replace(rates=())  # Keras looks through what a call returns.

    def add_rates(self, rates: Iterable[Rate]) -> None:
        """Adds the KL of each `Rate` to the losses: exact, or at its z."""
        for q, p, z in rates:
            self.add_rate(q, p, None if self.uses_analytic_kl else z)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """One optimizer step."""
        for schedule in planned(self):
            schedule.known_plan()
        self.beta.assign(of_user(self.beta_schedule)(self.optimizer.iterations))
        take_step(self, batch)
        return self.training_logs()

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The objective's bound at beta = 1, whatever training uses."""
        terms = self.terms(batch.x, batch.noise, batch.condition, mask=batch.mask)
        loss = -of_user(self.objective.bound)(terms)
        metrics.track(self, metrics.values_of(self, loss, terms, batch))
        return self.logs()

    def logs(self) -> dict:
        """Each metric's mean since it was last reset."""
        return {name: mean.result() for name, mean in self.mean_metrics.items()}

    def training_logs(self) -> dict:
        """`logs`, and how many steps were skipped, where steps may be."""
        return {metric.name: metric.result() for metric in self.metrics}

    # Blocks of steps ---------------------------------------------------------------------------

    def make_train_function(self, force: bool = False) -> Callable:
        """Keras' hook: a function of the data iterator that trains on its next block."""
        if self.train_function is None or force:
            if hasattr(self.optimizer, "build"):  # Keras' legacy ones have none.
                # Else the first graph would make its variables, and be traced again.
                with self.distribute_strategy.scope():
                    self.optimizer.build(self.trainable_variables)
            run = block_runner(self, self.train_step, self.training_logs)
            next_block = block_taker(self, Site.LATENT)

            def train_function(iterator):
                return run(next_block(iterator, self.optimizer.iterations))

            self.train_function = train_function
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable:
        """Keras' hook: a function of the data iterator that evaluates its next block."""
        if self.test_function is None or force:
            run = block_runner(self, self.test_step, self.logs)
            next_block = block_taker(self, Site.EVALUATE)

            def test_function(iterator):
                # The number of examples so far tells batches apart, and starts at 0 every time.
                return run(next_block(iterator, self.mean_metrics["loss"].count))

            self.test_function = test_function
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        """Keras' hook: a function of the data iterator that predicts its next batch."""
        if self.predict_function is None or force:
            predict = self.predict_step if self.run_eagerly else tf.function(self.predict_step)
            strategy = self.distribute_strategy

            def predict_function(iterator):
                run = strategy.run(
                    lambda data: predict(self.looked_at(data)), args=(next_batch(iterator),)
                )
                return tf.concat(strategy.experimental_local_results(run), axis=0)

            self.predict_function = predict_function
        return self.predict_function

    def looked_at(self, data: Any) -> Batch:
        """A batch of the user's, checked: outside of what XLA compiles, which drops checks."""
        batch = as_batch(data)
        x, condition = batch.x, self.numbers_of(batch.condition)
        # A replica may have no rows of the last batch.
        is_rest = tf.distribute.get_replica_context().num_replicas_in_sync > 1 and not len(x)
        if self._looks_at_batches and not is_rest:
            self.check_examples(x, condition)
            if batch.mask is not None:
                self.example_spec.check_known(batch.mask)
        return batch._replace(condition=condition)
