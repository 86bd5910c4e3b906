"""Bodies for music: sequences of levels, bar by bar."""

from collections.abc import Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.networks.gru import gru_decoder, gru_encoder
from keras_vae.ops.dtype_policy import Float32


def bars_encoder(
    event_shape: Sequence[int], hidden: Sequence[int] = (256,), levels: int | None = None
) -> tfk.Sequential:
    """Bidirectional GRU layers over the steps, which see the levels of values one-hot.

    Args:
      event_shape: of one example, (T, P) or (T, W, C).
      hidden: units of each layer and direction.
      levels: how many values a number of x takes; None leaves them numbers.

    References:
      Roberts et al. 2018, A hierarchical latent vector model for learning long-term structure in
      music (MusicVAE), section 3.1.
    """
    one_hot = [] if levels is None else [OneHot(levels, event_shape[-1])]
    return tfk.Sequential([*one_hot, gru_encoder(event_shape, hidden)], name="bars_encoder")


def bars_decoder(
    event_shape: Sequence[int], hidden: Sequence[int] = (256,), bar_steps: int = 16
) -> tfk.Sequential:
    """A conductor: GRU layers over the bars, z [B, D] -> features of the steps [B, T, hidden[0]].

    All steps of a bar get the conductor's features of this bar.

    Args:
      event_shape, hidden: as of `bars_encoder`.
      bar_steps: steps in a bar; the last one may be shorter.

    References:
      Roberts et al. 2018, section 3.2.
    """
    num_steps = event_shape[0]
    num_bars = -(-num_steps // bar_steps)
    conductor = gru_decoder((num_bars,), hidden)
    surplus = num_bars * bar_steps - num_steps
    return tfk.Sequential(
        [conductor, tfkl.UpSampling1D(bar_steps), tfkl.Cropping1D((0, surplus))],
        name="bars_decoder",
    )


@tfk.saving.register_keras_serializable("keras_vae")
class OneHot(Float32, tfkl.Layer):
    """Values k / (levels - 1) [..., C] -> one-hot [..., C * levels].

    A value between two levels is shared by both in proportion, so that learned inputs have a
    gradient. A context beside the values, [..., C + K], is left as it is.

    Args:
      levels: how many there are.
      channels: C.
    """

    def __init__(self, levels: int, channels: int, **kwargs):
        super().__init__(**kwargs)
        self.levels, self.channels = levels, channels

    def call(self, x: TensorLike) -> tf.Tensor:
        values, context = x[..., : self.channels], x[..., self.channels :]
        distance = values[..., tf.newaxis] * (self.levels - 1) - tf.range(float(self.levels))
        one_hot = tf.nn.relu(1.0 - tf.abs(distance))
        shape = tf.concat([tf.shape(x)[:-1], [self.channels * self.levels]], 0)
        return tf.concat([tf.reshape(one_hot, shape), context], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"levels": self.levels, "channels": self.channels}
