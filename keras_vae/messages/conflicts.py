"""Why parts can't be together: one sentence for a refusal of options and for one of objects."""

DRAWN_WEIGHTS_WITHOUT_ENCODER = (
    "with one z for an example the decoder learns to ignore z, and each of several z would draw "
    "weights of its own"
)
DRAWN_WEIGHTS_OF_SAMPLES = (
    "each sample draws weights of its own, and the log of a mean over them is no bound for all "
    "examples together, which share the weights"
)
ONE_SAMPLE_WITHOUT_ENCODER = (
    "without an encoder, this loss is minimised by a decoder that ignores z"
)
MIXTURE_WITHOUT_ENCODER = (
    "no gradient leads through the choice of a component, so the mixture's weights can't be learned"
)
KL_TRAINS_PRIOR = "and only a KL trains a prior's weights, between layers or steps too"
FLOW_OF_ONE_LATENT = "a flow changes each latent by the values of others"
AUTOREGRESSION_OF_ONE_LATENT = "one latent has no other to depend on"
OF_POSTERIORS = "posteriors q(z|x) that have a density at any z in one pass"
LAYERS_OF_MAPS = "isn't there yet for models with several layers of maps of latents"
LADDER = "a ladder joins what x says of each layer with the layer's prior, both as diagonal normals"
LOSS_OF_A_WHOLE_BATCH = "it needs the mean rate of the whole batch, which no part of a batch knows"
