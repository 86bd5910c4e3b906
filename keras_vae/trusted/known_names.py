"""What the config of a .keras file may name of tf_keras and TensorFlow: nothing that runs code.

Left out are classes that hold code or look anything up by name (Lambda, wrappers of RNN cells,
InstanceMethod), and those that read files (StringLookup, TextVectorization).
"""

_LAYERS = """
    Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average
    AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional
    CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
    Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D Dense
    DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten GRU
    GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GroupNormalization Identity InputLayer LSTM LSTMCell Layer LayerNormalization LeakyReLU
    LocallyConnected1D LocallyConnected2D Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum
    Minimum MultiHeadAttention Multiply Normalization PReLU Permute RNN RandomBrightness
    RandomContrast RandomCrop RandomFlip RandomHeight RandomRotation RandomTranslation RandomWidth
    RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D SeparableConv2D
    SimpleRNN SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells Subtract ThresholdedReLU TimeDistributed UnitNormalization
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
"""
_INITIALIZERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal
    LecunUniform Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
_LOSSES = """
    BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy
    CategoricalHinge CosineSimilarity Hinge Huber KLDivergence LogCosh MeanAbsoluteError
    MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson
    SparseCategoricalCrossentropy SquaredHinge
"""
_OPTIMIZERS = "Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lion Nadam RMSprop SGD"
_SCHEDULES = """
    CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay
    PolynomialDecay
"""

# Module through which Keras finds classes: the names of these classes.
CLASSES = {
    "keras": ["Model", "Sequential"],
    "tf_keras.src.engine.functional": ["Functional"],
    "tf_keras.src.layers.core.tf_op_layer": ["TFOpLambda", "SlicingOpLambda"],
    "keras.layers": _LAYERS.split(),
    "keras.layers.experimental": ["RandomFourierFeatures", "SyncBatchNormalization"],
    "keras.initializers": _INITIALIZERS.split(),
    "keras.regularizers": ["L1", "L1L2", "L2", "OrthogonalRegularizer"],
    "keras.constraints": ["MaxNorm", "MinMaxNorm", "NonNeg", "RadialConstraint", "UnitNorm"],
    "keras.mixed_precision": ["Policy"],
    "keras.optimizers": _OPTIMIZERS.split(),
    "keras.optimizers.schedules": _SCHEDULES.split(),
    "keras.losses": _LOSSES.split(),
}

_ACTIVATIONS = """
    elu exponential gelu hard_sigmoid leaky_relu linear log_softmax mish relu relu6 selu sigmoid
    silu softmax softplus softsign swish tanh
"""
ACTIVATIONS = _ACTIVATIONS.split()

# Functions of tensors that Functional models call: names below each module of TensorFlow ("" is its
# root), with or without `compat.v1.` before them. None of them takes a function or a path.
_FUNCTIONS = {
    "": """
        argsort batch_to_space bitcast boolean_mask broadcast_to cast clip_by_global_norm
        clip_by_norm clip_by_value complex concat constant convert_to_tensor div_no_nan
        dynamic_partition dynamic_stitch einsum ensure_shape expand_dims eye fill floor_div gather
        gather_nd identity identity_n linspace meshgrid norm one_hot ones ones_like pad rank
        realdiv repeat reshape reverse reverse_sequence roll saturate_cast scatter_nd searchsorted
        sequence_mask shape shape_n size slice sort space_to_batch space_to_depth depth_to_space
        split squeeze stack stop_gradient strided_slice tensor_scatter_nd_add
        tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub tensor_scatter_nd_update
        tensordot tile transpose truncatediv truncatemod unstack where where_v2 zeros zeros_like
    """,
    "dtypes": "complex saturate_cast",
    "__operators__": "add eq getitem ne",
    "math": """
        abs accumulate_n acos acosh add add_n angle argmax argmin asin asinh atan atan2 atanh
        bessel_i0 bessel_i0e bessel_i1 bessel_i1e betainc bincount ceil conj cos cosh count_nonzero
        cumprod cumsum cumulative_logsumexp digamma divide divide_no_nan equal erf erfc erfcinv
        erfinv exp expm1 floor floordiv floormod greater greater_equal igamma igammac imag
        invert_permutation is_finite is_inf is_nan l2_normalize lbeta less less_equal lgamma log
        log1p log_sigmoid log_softmax logical_and logical_not logical_or logical_xor maximum minimum
        mod multiply multiply_no_nan ndtri negative nextafter not_equal polygamma polyval pow real
        reciprocal reciprocal_no_nan reduce_all reduce_any reduce_euclidean_norm reduce_logsumexp
        reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum reduce_variance rint
        round rsqrt scalar_mul segment_max segment_mean segment_min segment_prod segment_sum sigmoid
        sign sin sinh softmax softplus softsign sqrt square squared_difference subtract tan tanh
        top_k truediv unsorted_segment_max unsorted_segment_mean unsorted_segment_min
        unsorted_segment_prod unsorted_segment_sum xdivy xlog1py xlogy zero_fraction zeta
    """,
    "nn": """
        atrous_conv2d atrous_conv2d_transpose avg_pool avg_pool1d avg_pool2d avg_pool3d
        batch_normalization bias_add conv1d conv1d_transpose conv2d conv2d_transpose conv3d
        conv3d_transpose conv_transpose convolution crelu depth_to_space depthwise_conv2d dilation2d
        dropout elu embedding_lookup erosion2d gelu l2_loss l2_normalize leaky_relu
        local_response_normalization log_softmax max_pool max_pool1d max_pool2d max_pool3d moments
        normalize_moments pool relu relu6 selu separable_conv2d sigmoid silu softmax softplus
        softsign space_to_batch space_to_depth swish tanh top_k weighted_moments zero_fraction
    """,
    "linalg": """
        adjoint band_part cholesky cholesky_solve cross det diag diag_part eigh eigvalsh einsum expm
        eye global_norm inv l2_normalize logdet lstsq matmul matrix_transpose matvec norm normalize
        pinv qr set_diag slogdet solve svd tensor_diag tensor_diag_part tensordot trace
        triangular_solve
    """,
    "image": """
        adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation central_crop
        crop_and_resize crop_to_bounding_box extract_patches flip_left_right flip_up_down
        grayscale_to_rgb hsv_to_rgb image_gradients pad_to_bounding_box per_image_standardization
        resize resize_images resize_with_crop_or_pad resize_with_pad rgb_to_grayscale rgb_to_hsv
        rgb_to_yiq rgb_to_yuv rot90 sobel_edges total_variation transpose yiq_to_rgb yuv_to_rgb
    """,
    "signal": """
        dct fft fft2d fft3d fftshift frame hann_window idct ifft ifft2d ifft3d ifftshift irfft
        irfft2d irfft3d overlap_and_add rfft rfft2d rfft3d
    """,
    "random": "normal stateless_normal stateless_uniform truncated_normal uniform",
}
TENSOR_FUNCTIONS = {
    f"{module}.{name}".strip(".") for module, names in _FUNCTIONS.items() for name in names.split()
}
