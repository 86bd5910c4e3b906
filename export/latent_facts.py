"""What each latent carries of real data."""

import numpy as np

from keras_vae.batches import Batch
from keras_vae.rate import analytic_kl
from keras_vae.vae import VAE


def rates(vae: VAE, batch: Batch) -> np.ndarray | None:
    """KL(q(z_d|x) || p(z_d)) in nats, the mean over N examples, [D]; of several stochastic layers
    given the layers above. None where there is no closed form for each latent."""
    x, condition, mask = batch.x, batch.condition, batch.mask
    noise = vae.draw_noise([0, 0], 1, len(x))
    if vae.groups == "layers":
        if not vae.has_analytic_kl:
            return None
        layers = vae.terms(x, noise, condition, mask=mask).rates
        kls = [np.asarray(analytic_kl(q, p)) for q, p, _ in layers]
        means = np.concatenate([kl.reshape(-1, kl.shape[-1]).mean(axis=0) for kl in kls])
        return means if len(means) == vae.latent_dim else None
    terms = vae.terms(x, noise, condition, mask=mask)
    if terms.kl is None or terms.kl.shape[-1] != vae.latent_dim:
        return None
    return np.mean(terms.kl, axis=0)


def moments(vae: VAE, batch: Batch | None) -> tuple[np.ndarray, np.ndarray]:
    """(mean, standard deviation) of each latent, [D]: of the prior, else of the examples' codes."""
    if vae.prior is not None:
        context = None if vae.condition is None else vae.condition.zeros(1)[0]
        loc, scale = vae.prior_moments(context)
        return np.asarray(vae.flat(loc)), np.asarray(vae.flat(scale))
    if batch is None:
        return np.zeros(vae.latent_dim), np.ones(vae.latent_dim)
    codes = vae.flat(vae.code(batch.x, batch.condition, mask=batch.mask)).numpy()
    return codes.mean(axis=0), codes.std(axis=0)


def clusters(vae: VAE) -> tuple[np.ndarray, np.ndarray] | None:
    """(mean, standard deviation) of the latents given each value of a label among them, [K, D]:
    the first K latents are the label itself. None where there is none."""
    if vae.prior is None or not vae.prior.num_labels:
        return None
    p = vae.prior.distribution()
    num_labels, size = p.loc.shape
    # The label whose two noise numbers are 0 is drawn; labels with 1 aren't.
    others = 1.0 - np.eye(num_labels, dtype=np.float32)
    noise = np.concatenate([others, others, np.zeros([num_labels, size], np.float32)], axis=1)
    return p.from_noise(noise).numpy(), np.pad(p.scale.numpy(), [(0, 0), (num_labels, 0)])
