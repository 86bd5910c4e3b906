"""How a model is compiled, as plain values of a .keras file, and back."""

from typing import TYPE_CHECKING, Any

from keras_vae import objectives
from keras_vae._compat import tfk
from keras_vae.messages.notes import note
from keras_vae.objectives import Objective
from keras_vae.training import schedules

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable

# Arguments of `compile` that are plain values, and what `build` sets beside it.
_PLAIN = (
    "ema_decay",
    "skip_threshold",
    "gradient_accumulation_steps",
    "gradient_checkpointing",
    "run_eagerly",
    "steps_per_execution",
)
_OF_SPLITS = ("binarization", "augment")


def settings_of(model: "Trainable") -> dict[str, Any] | None:
    """What `compile_by` needs to compile a loaded model as this one is.

    Metrics are there if they are names.

    Returns:
      None, with a note, where the objective or the schedule of beta is a class or function of the
      user's own, which no file can hold.
    """
    objective, beta = model.objective, schedules.stated(model.beta_schedule)
    if vars(objectives).get(type(objective).__name__) is not type(objective) or beta is None:
        note(
            "the objective, or the schedule of beta, is a class or function of your own, which no "
            "file can hold: compile the loaded model before it trains."
        )
        return None
    found = {name: getattr(model, name) for name in _OF_SPLITS}
    found |= {name: model.compiled_with[name] for name in _PLAIN}
    for name in ("metrics", "weighted_metrics"):
        given = model.compiled_with[name]
        found[name] = given if all(isinstance(m, str) for m in given or ()) else None
    return found | {
        "optimizer": tfk.saving.serialize_keras_object(model.optimizer),
        "objective": {"name": type(objective).__name__} | vars(objective),
        "beta": beta,
    }


def compile_by(model: "Trainable", settings: dict[str, Any]) -> None:
    """Compiles a model as `settings_of` says; leaves it as it is if another program wrote them."""
    if not isinstance(settings, dict) or "objective" not in settings:
        return
    settings = dict(settings)
    model.binarization = settings.pop("binarization")
    model.augment = tuple(settings.pop("augment"))
    optimizer = tfk.saving.deserialize_keras_object(settings.pop("optimizer"))
    objective = _objective(settings.pop("objective"))
    beta = schedules.from_stated(settings.pop("beta"))
    model.compile(optimizer, objective, beta=beta, **settings)
    if hasattr(optimizer, "build"):  # Keras' legacy ones have none.
        optimizer.build(model.trainable_variables)  # Its numbers follow.


def _objective(stated: dict[str, Any]) -> Objective:
    stated = dict(stated)
    kind = vars(objectives).get(stated.pop("name"))
    if not (isinstance(kind, type) and issubclass(kind, Objective)):
        raise ValueError("its objective is none of keras_vae.objectives")
    return kind(**stated)
