"""The learning rate: a warm-up, then a constant or a cosine, and its factor after recoveries."""

from typing import TYPE_CHECKING, Any

from keras_vae._compat import TensorLike, tf, tfk
from keras_vae.training import schedules
from keras_vae.training.planning import Plan, Planned

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable


@tfk.saving.register_keras_serializable("keras_vae")
class LearningRate(Planned, tfk.optimizers.schedules.LearningRateSchedule):
    """From 0 to `rate` in a line, then constant, or along a cosine to 0 at the last step.

    Args:
      rate: the highest.
      warmup_epochs: how long it rises, from the optimizer's first step on.
      cosine: whether it falls afterwards (Loshchilov & Hutter 2017, SGDR, eq. 5).
      plan, fixed: as of `Planned`.
      factor: multiplies all rates.
    """

    def __init__(
        self,
        rate: float,
        warmup_epochs: float = 0.0,
        cosine: bool = False,
        plan: Plan | None = None,
        fixed: bool = False,
        factor: float = 1.0,
    ):
        self.rate, self.warmup_epochs, self.cosine = rate, warmup_epochs, cosine
        self.factor = factor
        super().__init__(None if plan is None else Plan(*plan), fixed)

    def lengths(self, plan: Plan) -> tuple[int, ...]:
        """Steps of the warm-up, and where a cosine begins and ends."""
        warmup = round(self.warmup_epochs * plan.steps_per_epoch)
        if warmup and warmup >= plan.last:
            raise ValueError(
                f"learning_rate_warmup_epochs={self.warmup_epochs:g} are {warmup} steps, of which "
                f"there will be {plan.last} in all: the rate never gets there. Train for longer or "
                "warm up faster."
            )
        return (warmup, max(plan.first, warmup), plan.last) if self.cosine else (warmup,)

    def __call__(self, step: TensorLike) -> tf.Tensor:
        """The rate of a step, a float32 scalar."""
        rate = self.factor * self.rate
        if self.plan is None:  # The optimizer asks when it is made; no step is taken so.
            return tf.constant(rate, tf.float32)
        warmup, *ends = self.lengths(self.plan)
        if not ends:
            return schedules.linear(rate, warmup)(step) if warmup else tf.constant(rate, tf.float32)
        first, last = ends
        if first > warmup:  # A further fit, whose rate falls once more.
            return tfk.optimizers.schedules.CosineDecay(rate, last - first)(step - first)
        if not warmup:
            return tfk.optimizers.schedules.CosineDecay(rate, last)(step)
        return tfk.optimizers.schedules.CosineDecay(
            0.0, last - warmup, warmup_target=rate, warmup_steps=warmup
        )(step)

    def get_config(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "warmup_epochs": self.warmup_epochs,
            "cosine": self.cosine,
            "plan": None if self.plan is None else list(self.plan),
            "fixed": self.fixed,
            "factor": self.factor,
        }


def multiply(model: "Trainable", rate: float, factor: float) -> None:
    """Makes all further rates of a compiled model `factor` times what they were planned to be.

    Args:
      model: a compiled Trainable, its rate a number or a `LearningRate`.
      rate: that number, before any factor.
      factor: the factor from now on; it replaces earlier ones.
    """
    schedule = model.optimizer._learning_rate
    if not isinstance(schedule, LearningRate):
        schedule.assign(rate * factor)
    elif schedule.factor != factor:
        schedule.factor = factor
        model.make_train_function(force=True)  # Graphs hold the factor as a constant.
