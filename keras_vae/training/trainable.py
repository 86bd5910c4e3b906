"""Trainable: what Keras' `fit` does with a model of latent variables."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from keras_vae import objectives
from keras_vae._compat import of_user, refuse_keras_3, tf, tfk
from keras_vae.batches import Batch
from keras_vae.inputs.arguments import next_batch
from keras_vae.networks.recomputable import set_recompute
from keras_vae.objectives import Objective
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.whole_numbers import check_whole
from keras_vae.rate import AddRate, Rate
from keras_vae.seeds import Site
from keras_vae.terms import Terms
from keras_vae.training import metrics as own_metrics
from keras_vae.training import refusals, schedules, settings
from keras_vae.training.fused_adam import FusedAdam
from keras_vae.training.moving_average import MovingAverage
from keras_vae.training.no_saved_model import NoSavedModel
from keras_vae.training.planning import planned
from keras_vae.training.running import block_runner, block_taker, with_noise
from keras_vae.training.schedules import Schedule
from keras_vae.training.stepping import take_step
from keras_vae.training.verbs import Verbs
from keras_vae.training.weights import Weights
from keras_vae.training.xla import prefers_xla


class Trainable(Float32, Verbs, Weights, NoSavedModel):
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
    objective: Objective = objectives.SGVB()  # Until it is compiled.

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
        metrics: Any = None,
        weighted_metrics: Any = None,
        steps_per_execution: int = 1,
        jit_compile: bool | Literal["auto"] = "auto",
        run_eagerly: bool = False,
        **refused,
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
          metrics, weighted_metrics: Keras' metrics of x and its reconstruction, beside those of
            the model; the latter weighed by `sample_weight`. Each takes another pass a step.
          steps_per_execution: after how many batches callbacks are called.
          jit_compile: whether XLA compiles the steps; "auto" where that is known to help.
          run_eagerly: run step by step in Python, for debugging.

        Raises:
          TypeError: a part is of Keras 3, or an argument isn't known.
          ValueError: an argument of Keras has no meaning for a VAE, or the arguments don't go
            together.
        """
        refusals.refuse_keras_arguments(**refused)
        for name, part in {"optimizer": optimizer, "metrics": metrics}.items():
            refuse_keras_3(name, *tf.nest.flatten(part))
        check_whole("steps_per_execution", steps_per_execution, at_least=1)
        if objective is None:
            objective = objectives.SGVB() if self.has_bound else objectives.Reconstruction()
        refusals.check_objective(objective, self, beta)
        refusals.check_step(objective, self, skip_threshold, gradient_accumulation_steps)
        if isinstance(optimizer, str) and optimizer.lower() == "adam":
            optimizer = FusedAdam()
        set_recompute(self, gradient_checkpointing)
        super().compile(
            optimizer=optimizer,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )
        if metrics or weighted_metrics:
            with self.distribute_strategy.scope():
                self.compiled_metrics.build(*[tf.zeros([1, *self.event_shape])] * 2)
        compiled_with = {
            "ema_decay": ema_decay,
            "skip_threshold": skip_threshold,
            "gradient_accumulation_steps": gradient_accumulation_steps,
            "gradient_checkpointing": gradient_checkpointing,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
        }
        object.__setattr__(self, "compiled_with", compiled_with)  # Keras would track its parts.
        self.objective = objective
        self.beta_schedule = beta if callable(beta) else schedules.constant(beta)
        self.skip_threshold = skip_threshold
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.jit_compile = self._resolve_jit_compile(jit_compile, run_eagerly)
        ema = None if ema_decay is None else MovingAverage(self.trainable_variables, ema_decay)
        object.__setattr__(self, "ema", ema)
        object.__setattr__(self, "_trained", None)
        object.__setattr__(self, "mean_metrics", own_metrics.metrics_of(self))
        skipped = None if skip_threshold is None else tfk.metrics.Sum("skipped")
        object.__setattr__(self, "skipped_metric", skipped)

    def get_compile_config(self) -> dict[str, Any] | None:
        """Keras' hook: how the model is compiled, for a file; None where no file can hold it."""
        return settings.settings_of(self) if self._is_compiled else None

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Keras' hook: the inverse of `get_compile_config`."""
        settings.compile_by(self, config)

    def _assert_compile_was_called(self) -> None:
        if not self._is_compiled:
            raise RuntimeError(
                "the model isn't compiled, as it must be to train and to measure. Call "
                "compile('adam')."
            )

    @property
    def uses_analytic_kl(self) -> bool:
        """Whether the KL in the losses is exact: chosen from TFP's registry when it may be."""
        return self.has_analytic_kl and self.objective.kl_loss != "sampled"

    @property
    def metrics(self) -> list[tfk.metrics.Metric]:
        return [
            *self.mean_metrics.values(),
            *([self.skipped_metric] if self.skipped_metric else []),
            *(self.compiled_metrics.metrics if self._is_compiled else []),
        ]

    @property
    def distributed(self) -> bool:
        """Whether the model was made in the scope of a tf.distribute strategy."""
        with self.distribute_strategy.scope():
            return tf.distribute.has_strategy()

    def _resolve_jit_compile(self, jit_compile, run_eagerly) -> bool:
        if jit_compile == "auto":
            return not self.distributed and prefers_xla(self)
        if jit_compile and run_eagerly:
            raise ValueError(
                "jit_compile=True with run_eagerly=True: steps in Python aren't compiled. Leave "
                "one out."
            )
        if jit_compile and self.distributed:
            raise ValueError(
                "jit_compile=True: steps on replicas aren't compiled by XLA, in which they can't "
                "sum their gradients. Use jit_compile='auto'."
            )
        return bool(jit_compile)

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
            self.add_rates(terms.rates, batch.weight)
        return terms._replace(rates=())  # Keras looks through what a call returns.

    def add_rates(self, rates: Iterable[Rate], weight: tf.Tensor | None = None) -> None:
        """Adds the KL of each `Rate` to the losses: exact, or at its z; of weighed examples."""
        for q, p, z in rates:
            self.add_rate(q, p, None if self.uses_analytic_kl else z, weight)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """One optimizer step."""
        for schedule in planned(self):
            schedule.known_plan()
        self.beta.assign(of_user(self.beta_schedule)(self.optimizer.iterations))
        self._measure_reconstructions(batch)
        take_step(self, batch)
        return self.training_logs()

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The objective's bound at beta = 1, whatever training uses."""
        terms = self.terms(batch.x, batch.noise, batch.condition, mask=batch.mask)
        loss = -of_user(self.objective.bound)(terms)
        values = own_metrics.values_of(self, loss, terms, batch)
        own_metrics.track(self, values, batch.weight)
        self._measure_reconstructions(batch)
        return self.logs()

    def _measure_reconstructions(self, batch):
        """Updates the metrics that `compile` was given."""
        if not self.compiled_metrics.metrics:
            return
        if batch.mask is not None:
            raise ValueError(
                "metrics compare all values of x with reconstructions, and a mask says that some "
                "aren't known. Compile without metrics."
            )
        reconstruction = self.reconstruct(batch.x, batch.condition)
        self.compiled_metrics.update_state(self.as_floats(batch.x), reconstruction, batch.weight)

    def logs(self) -> dict:
        """Each metric's mean since it was last reset."""
        given = {metric.name: metric.result() for metric in self.compiled_metrics.metrics}
        return {name: mean.result() for name, mean in self.mean_metrics.items()} | given

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
                for _ in range(int(self._steps_per_execution.numpy())):
                    logs = run(next_block(iterator, self.optimizer.iterations))
                return logs

            self.train_function = train_function
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable:
        """Keras' hook: a function of the data iterator that evaluates its next block."""
        if self.test_function is None or force:
            run = block_runner(self, self.test_step, self.logs)
            next_block = block_taker(self, Site.EVALUATE)

            def test_function(iterator):
                for _ in range(int(self._steps_per_execution.numpy())):
                    # The number of examples so far tells batches apart, and starts at 0 every time.
                    logs = run(next_block(iterator, self.mean_metrics["loss"].count))
                return logs

            self.test_function = test_function
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        """Keras' hook: a function of the data iterator that predicts its next batch."""
        if self.predict_function is None or force:
            predict = self.predict_step if self.run_eagerly else tf.function(self.predict_step)
            strategy = self.distribute_strategy

            def predict_function(iterator):
                found = []
                for _ in range(int(self._steps_per_execution.numpy())):
                    run = strategy.run(
                        lambda data: predict(self.looked_at(data)), args=(next_batch(iterator),)
                    )
                    found.extend(strategy.experimental_local_results(run))
                return tf.concat(found, axis=0)

            self.predict_function = predict_function
        return self.predict_function
