"""VAE: encoder, decoder and prior as one Keras model."""

import contextlib

import numpy as np

from keras_vae import objectives, schedules, seeds
from keras_vae._compat import tf, tfd, tfk
from keras_vae.blocks import Batch, Block, as_floats
from keras_vae.compilation import prefers_xla
from keras_vae.importance import ImportanceSampler
from keras_vae.moving_average import MovingAverage
from keras_vae.rate import AddRate, analytic_kl, has_analytic_kl
from keras_vae.seeds import Site
from keras_vae.terms import Terms


@tfk.saving.register_keras_serializable("keras_vae")
class VAE(tfk.Model):
    """A variational autoencoder (Kingma & Welling 2014).

    Examples are x [B, H, W, C]: float as they are, bool as {0, 1}, uint8 divided by 255.

        vae = VAE(encoder, decoder, prior)
        vae.compile(optimizer="adam")
        vae.fit(images, epochs=10)
        vae.sample(16)

    Args:
      encoder: an `Encoder`, or a model with `posterior` that gives q(z|x).
      decoder: a `Decoder`, or a model with `event_shape` that gives p(x|z).
      prior: a layer of `priors`, or None: an autoencoder, whose posterior has no density.
      seed: root of all random draws that are not given a seed of their own.
    """

    def __init__(self, encoder, decoder, prior=None, *, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        if encoder.posterior.has_density != (prior is not None):
            raise ValueError(
                f"prior is {prior and type(prior).__name__} but the posterior is "
                f"{type(encoder.posterior).__name__}: a posterior with a density needs a prior, "
                "one without (an autoencoder's) must have prior=None."
            )
        self.encoder, self.decoder, self.prior = encoder, decoder, prior
        self.seed = seed
        self.event_shape = decoder.event_shape
        self.beta = tf.Variable(
            1.0,
            trainable=False,
            name="beta",
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self.add_rate = AddRate(weight=self.beta)
        self._importance_sampler = None
        # One pass creates all variables and shows whether the parts fit.
        q = encoder(tf.zeros([1, *self.event_shape]))
        z, _ = encoder.posterior.from_noise(q, encoder.posterior.draw_noise([0, 0], 1, 1))
        decoder(z)
        self.latent_dim = z.shape[-1]
        self.has_analytic_kl = prior is not None and has_analytic_kl(q, prior.distribution())
        names = ["loss", "distortion"] + (["elbo_nats", "rate"] if prior is not None else [])
        # Plain attributes: Keras would count metrics and averages among the model's weights.
        object.__setattr__(self, "_trackers", {name: tfk.metrics.Mean(name) for name in names})
        object.__setattr__(self, "ema", None)
        self.built = True

    # Scoring -----------------------------------------------------------------------------------

    def terms(self, x, noise, context=None) -> Terms:
        """The log-densities at x [B, H, W, C] and at the z made from noise [S, B, ...]."""
        return self._infer(x, noise, context)[-1]

    def log_likelihood(self, x, num_samples: int = 100, seed: int = 0, context=None):
        """log p(x) in nats, [B], by importance sampling (Burda et al. 2016, eq. 8).

        A lower bound in expectation, which tightens with `num_samples`.
        """
        self._require_prior("log_likelihood")
        if self._importance_sampler is None:
            self._importance_sampler = ImportanceSampler(self)
        x = self._examples(x)
        self.decoder.likelihood.check_values(x)
        seed = seeds.derive(seed, Site.EVALUATE)
        return self._importance_sampler(x, num_samples, seed, context).log_likelihood

    def _infer(self, x, noise, context):
        """(q(z|x), p(z), Terms)."""
        x = as_floats(x)
        q = self.encoder(x, context)
        z, log_posterior = self.encoder.posterior.from_noise(q, noise)
        log_likelihood = self.decoder(z, context).log_prob(x)
        if self.prior is None:
            return q, None, Terms(z, log_likelihood)
        p = self.prior.distribution(context)
        kl = analytic_kl(q, p) if self.has_analytic_kl else None
        return q, p, Terms(z, log_likelihood, p.log_prob(z), log_posterior, kl)

    # Inferring and generating ------------------------------------------------------------------

    def encode(self, x, context=None) -> tfd.Distribution:
        """q(z|x), batch [B], event [D]."""
        return self.encoder(self._examples(x), context)

    def decode(self, z, context=None) -> tfd.Distribution:
        """p(x|z), batch [...], event [H, W, C], from z [..., D]."""
        return self.decoder(z, context)

    def sample(self, n: int, temperature: float = 1.0, seed: int | None = None, context=None):
        """Mean images [n, H, W, C] of p(x|z) at n draws of z from the prior.

        Args:
          n: number of images.
          temperature: scales the prior's standard deviation; below 1, safer and less varied.
          seed: the same seed gives the same images; None, new ones at every call.
          context: [n, ...] for conditional models.
        """
        self._require_prior("sample")
        noise = self.prior.draw_noise(seeds.derive(_seed_or_fresh(seed), Site.SAMPLE), n)
        return self.decode(self.prior.from_noise(noise, temperature, context), context).mean()

    def reconstruct(self, x, context=None):
        """Mean images [B, H, W, C] of p(x|z) at the posterior's mean of z."""
        return self.decode(self.encode(x, context).mean(), context).mean()

    def interpolate(self, start, end, steps: int = 8, method: str = "linear"):
        """Mean images on the way from `start` to `end`, through latent space.

        Args:
          start, end: images [B, H, W, C].
          steps: number of images, ends included.
          method: "linear", or "spherical", which keeps the length of z typical of the prior
            (White 2016, Sampling generative networks).

        Returns:
          [steps, B, H, W, C].
        """
        if method not in _INTERPOLATIONS:
            raise ValueError(f"method must be one of {sorted(_INTERPOLATIONS)}, got {method!r}.")
        weights = tf.linspace(0.0, 1.0, steps)[:, tf.newaxis, tf.newaxis]
        ends = self.encode(start).mean(), self.encode(end).mean()
        return self.decode(_INTERPOLATIONS[method](*ends, weights)).mean()

    def draw_noise(self, seed, num_samples: int, batch_size):
        """The noise that `terms` needs: [S, B, ...] from a stateless int32 [2] seed."""
        return self.encoder.posterior.draw_noise(seed, num_samples, batch_size)

    def _require_prior(self, verb):
        if self.prior is None:
            raise ValueError(
                f"{verb} needs a prior, which an autoencoder has not. Train a VAE (--recipe=vae)."
            )

    def _examples(self, x):
        x = as_floats(x)
        if tuple(x.shape[1:]) != self.event_shape:
            raise ValueError(
                f"x must be of shape {('B', *self.event_shape)}, got {tuple(x.shape)}."
            )
        return x

    # Training ----------------------------------------------------------------------------------

    def compile(
        self,
        optimizer="adam",
        objective=None,
        *,
        beta=1.0,
        ema_decay: float | None = None,
        jit_compile="auto",
        run_eagerly: bool = False,
    ):
        """Prepares training.

        Args:
          optimizer: a Keras optimizer or its name.
          objective: one of `objectives`; by default SGVB, or Reconstruction for autoencoders.
          beta: weight of the KL, a number or a function of the step (`schedules`).
          ema_decay: if given, `self.ema` follows the weights with this decay. `evaluate`, `save`
            and the export take the average; other verbs do so inside `evaluation_weights()`.
          jit_compile: whether XLA compiles the steps; "auto" where that is known to help.
          run_eagerly: run step by step in Python, for debugging.
        """
        if objective is None:
            objective = objectives.SGVB() if self.prior else objectives.Reconstruction()
        if objective.needs_density and self.prior is None:
            raise ValueError(
                f"objective {type(objective).__name__} needs a prior and a posterior density, "
                "which an autoencoder has not. Use objectives.Reconstruction."
            )
        if objective.kl_loss == "analytic" and not self.has_analytic_kl:
            raise ValueError(
                "kl='analytic': there is no closed form of the KL between "
                f"{type(self.encoder.posterior).__name__} and {type(self.prior).__name__}. "
                "Use kl='sampled' or 'auto'."
            )
        # weighted_metrics=[]: Keras mistakes a Batch, three parts, for (x, y, sample weights).
        super().compile(optimizer=optimizer, run_eagerly=run_eagerly, weighted_metrics=[])
        self.objective = objective
        self.beta_schedule = beta if callable(beta) else schedules.constant(beta)
        self.jit_compile = self._resolve_jit_compile(jit_compile)
        ema = None if ema_decay is None else MovingAverage(self.trainable_variables, ema_decay)
        object.__setattr__(self, "ema", ema)

    @property
    def _distributed(self) -> bool:
        """Whether the model was made in the scope of a tf.distribute strategy."""
        with self.distribute_strategy.scope():
            return tf.distribute.has_strategy()

    def _resolve_jit_compile(self, jit_compile) -> bool:
        if jit_compile == "auto":
            return not self._distributed and prefers_xla(self)
        if jit_compile and self._distributed:
            raise ValueError(
                "jit_compile=True: steps on replicas aren't compiled by XLA, in which they can't "
                "sum their gradients. Use jit_compile='auto'."
            )
        return bool(jit_compile)

    def fit(self, x, *args, validation_data=None, **kwargs):
        """Keras' fit, of arrays of examples or of tf.data sets; there are no targets.

        Raises:
          ValueError: an array has another shape, or values that the likelihood gives no mass to.
        """
        self._check_array(x)
        if isinstance(validation_data, np.ndarray):
            self._check_array(validation_data)
            validation_data = (validation_data,)  # Keras takes tuples only.
        return super().fit(x, *args, validation_data=validation_data, **kwargs)

    def _check_array(self, x):
        if isinstance(x, np.ndarray):
            # A slice at a time: no float copy of all of x.
            for start in range(0, len(x), 1024):
                self.decoder.likelihood.check_values(self._examples(x[start : start + 1024]))

    @property
    def uses_analytic_kl(self) -> bool:
        """Whether the KL in the losses is exact: chosen from TFP's registry when it may be."""
        return self.has_analytic_kl and self.objective.kl_loss != "sampled"

    @property
    def metrics(self):
        return list(self._trackers.values())

    def call(self, batch: Batch, training=None) -> Terms:
        """The terms of a batch; adds the KL to the losses where the objective has it there."""
        q, p, terms = self._infer(*batch)
        if self.objective.kl_loss is not None:
            self.add_rate(q, p, None if self.uses_analytic_kl else terms.z)
        return terms

    def train_step(self, batch: Batch):
        """One optimizer step."""
        self.beta.assign(self.beta_schedule(self.optimizer.iterations))
        with tf.GradientTape() as tape:
            terms = self(batch, training=True)
            loss = self.objective(terms, self.beta) + tf.add_n([0.0, *self.losses])  # [B]
            # The optimizer sums gradients over replicas: the one place that scales for them.
            scaled = tf.reduce_mean(loss) / self.distribute_strategy.num_replicas_in_sync
        variables = self.trainable_variables
        self.optimizer.apply_gradients(
            zip(tape.gradient(scaled, variables), variables, strict=True)
        )
        if self.ema is not None:
            self.ema.update(self.optimizer.iterations)
        return self._track(loss, terms)

    def test_step(self, batch: Batch):
        """The bound at beta = 1, whatever training uses (autoencoders: the distortion)."""
        terms = self.terms(*batch)
        loss = -terms.elbo_nats if terms.has_density else terms.distortion
        return self._track(loss, terms)

    def _track(self, loss, terms):
        values = {"loss": loss, "distortion": terms.distortion}
        if terms.has_density:
            values |= {"elbo_nats": terms.elbo_nats, "rate": terms.rate}
        for name, tracker in self._trackers.items():
            tracker.update_state(values[name])
        return self._logs()

    def _logs(self):
        return {name: tracker.result() for name, tracker in self._trackers.items()}

    def make_train_function(self, force=False):
        """Keras' hook: a function of the data iterator that trains on its next block."""
        if self.train_function is None or force:
            run = self._block_runner(self.train_step)
            num_samples = self.objective.num_samples

            def train_function(iterator):
                seed = seeds.derive(self.seed, Site.LATENT, self.optimizer.iterations)
                return run(self._next_block(iterator, num_samples, seed))

            self.train_function = train_function
        return self.train_function

    def make_test_function(self, force=False):
        """Keras' hook: a function of the data iterator that evaluates its next block."""
        if self.test_function is None or force:
            run = self._block_runner(self.test_step)
            num_samples = self.objective.num_samples

            def test_function(iterator):
                # The number of examples so far tells batches apart, and starts at 0 every time.
                seed = seeds.derive(self.seed, Site.EVALUATE, self._trackers["loss"].count)
                return run(self._next_block(iterator, num_samples, seed))

            self.test_function = test_function
        return self.test_function

    def _next_block(self, iterator, num_samples, seed) -> Block:
        """The next block; a plain batch becomes a block of one, with noise from `seed`."""
        data = next(iterator)
        if isinstance(data, Block):
            return data

        def with_noise(data):
            x, _, _ = tfk.utils.unpack_x_y_sample_weight(data)
            # Drawn for the global batch, of which each replica takes its rows.
            replica = tf.distribute.get_replica_context()
            size = tf.shape(x)[0]
            first = size * tf.cast(replica.replica_id_in_sync_group, tf.int32)
            noise = self.draw_noise(seed, num_samples, size * replica.num_replicas_in_sync)
            rows = tf.nest.map_structure(lambda t: t[:, first : first + size], noise)
            return Block.of_one(Batch(x, rows))

        return self.distribute_strategy.run(with_noise, args=(data,))

    def _block_runner(self, step):
        """A function that runs `step` on each batch of a block and gives the metrics."""
        strategy = self.distribute_strategy

        def run_all(block):
            for i in tf.range(block.num_steps):
                step(block.step(i))
            return self._logs()

        if self.run_eagerly:
            return run_all
        if not self._distributed:
            return tf.function(run_all, jit_compile=self.jit_compile)

        @tf.function
        def run_one(block, i):
            strategy.run(lambda block, i: step(block.step(i)), args=(block, i))

        def run_replicas(block):
            # An all-reduce inside a loop of the graph, or under XLA, raises on CPU replicas.
            num_steps = strategy.experimental_local_results(block.x)[0].shape[0]
            for i in range(num_steps):
                run_one(block, tf.constant(i))
            return self._logs()

        return run_replicas

    def evaluation_weights(self):
        """Context in which the weights are the moving average, where there is one."""
        return contextlib.nullcontext() if self.ema is None else self.ema.applied()

    def evaluate(self, x, *args, **kwargs):
        """Keras' evaluate (and so `fit`'s validation), with `evaluation_weights`."""
        self._check_array(x)
        with self.evaluation_weights():
            return super().evaluate(x, *args, **kwargs)

    # Saving ------------------------------------------------------------------------------------

    def save(self, path):
        """Writes architecture and weights to a .keras file; `keras_vae.load` reads it."""
        from keras_vae.saving import save  # saving builds models, so it stands above this module.

        save(self, path)

    def get_config(self):
        serialize = tfk.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "prior": self.prior and serialize(self.prior),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            name: config[name] and tfk.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder", "prior")
        }
        return cls(**parts, seed=config["seed"])


def _seed_or_fresh(seed: int | None) -> int:
    return np.random.SeedSequence().entropy % 2**31 if seed is None else seed


def _linear(a, b, weights):
    return (1.0 - weights) * a + weights * b


def _spherical(a, b, weights):
    """Great-circle interpolation; along a straight line where a and b are parallel."""
    unit_a, unit_b = tf.math.l2_normalize(a, -1), tf.math.l2_normalize(b, -1)
    cosine = tf.reduce_sum(unit_a * unit_b, axis=-1, keepdims=True)
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))
    sine = tf.sin(angle)
    arc = (tf.sin((1.0 - weights) * angle) * a + tf.sin(weights * angle) * b) / tf.where(
        sine > 1e-4, sine, 1.0
    )
    return tf.where(sine > 1e-4, arc, _linear(a, b, weights))


_INTERPOLATIONS = {"linear": _linear, "spherical": _spherical}
