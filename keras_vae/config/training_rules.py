"""Which options of training can't be combined, and why."""

from typing import TYPE_CHECKING

from keras_vae.config.members import AXES
from keras_vae.messages import conflicts
from keras_vae.ops import dtype_policy

if TYPE_CHECKING:
    from keras_vae.config.sections import TrainingConfig
    from keras_vae.config.whole_config import Config


def skips_what_is_clipped(training: "TrainingConfig") -> bool:
    """Whether every step that clip_norm would change is skipped."""
    clip, skip = training.clip_norm, training.skip_threshold
    return clip is not None and skip is not None and clip >= skip


def check_training(config: "Config") -> None:
    """Raises ValueError saying which options of training can't be together, and what to do."""
    training = config.training
    if training.dtype_policy is not None:
        dtype_policy.check(training.dtype_policy)
    for name in ("beta_2", "ema_decay"):
        decay = getattr(training, name)
        if decay is not None and decay >= 1:
            raise ValueError(f"{name} must be below 1, got {decay}.")
    warmup = training.learning_rate_warmup_epochs
    if warmup >= training.epochs:
        raise ValueError(
            f"learning_rate_warmup_epochs={warmup:g} can't end within epochs={training.epochs}. "
            "Train for longer or warm up faster."
        )
    if skips_what_is_clipped(training):
        clip, skip = training.clip_norm, training.skip_threshold
        raise ValueError(
            f"clip_norm={clip:g} with skip_threshold={skip:g}: what would be clipped is skipped. "
            "Use a lower clip_norm, or leave it out."
        )
    network = config.model.network
    if training.gradient_checkpointing and not AXES["network"][network].kind.recomputable:
        others = [name for name, member in AXES["network"].items() if member.kind.recomputable]
        raise ValueError(
            f"gradient_checkpointing with network={network}: only residual blocks of convolutions "
            f"can be computed again. Use network={' or '.join(others)}, or leave it out."
        )
    parts = training.gradient_accumulation_steps
    if training.batch_size % parts:
        raise ValueError(
            f"batch_size={training.batch_size} can't be taken in gradient_accumulation_steps="
            f"{parts} equal parts. Choose a multiple."
        )
    objective = config.objective.objective
    if parts > 1 and AXES["objective"][objective].kind.over_batch:
        raise ValueError(
            f"objective={objective} with gradient_accumulation_steps={parts}: "
            f"{conflicts.LOSS_OF_A_WHOLE_BATCH}. Use objective=sgvb, or a smaller batch_size."
        )
