"""What configs of Keras 1, Keras 2 and tf.keras call by other names than Keras 3. Tables only."""

# Class names that became others.
CLASSES = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "DenseV1": "Dense",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "ThresholdedReLU": "ReLU",
}

MODEL_CLASSES = ("Functional", "Model", "Network")

# Keys of layer configs, for every layer that does not have a parameter of the old name itself.
KEYS = {
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "atrous_rate": "dilation_rate",
    "beta_init": "beta_initializer",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "gamma_init": "gamma_initializer",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
}

# Keys that differ from layer to layer. `None` drops the key.
_NO_PLAIN_KERNEL = {"groups": None, "kernel_initializer": None, "kernel_regularizer": None, "kernel_constraint": None}
KEYS_OF_CLASS = {
    "DepthwiseConv1D": {**_NO_PLAIN_KERNEL, "filters": None},
    "DepthwiseConv2D": {**_NO_PLAIN_KERNEL, "filters": None},
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
        "dropout": None,
    },
    "LeakyReLU": {"alpha": "negative_slope"},
    "ReLU": {"theta": "threshold"},
    "SeparableConv1D": _NO_PLAIN_KERNEL,
    "SeparableConv2D": _NO_PLAIN_KERNEL,
    "UpSampling1D": {"length": "size"},
}

# Keys that only gave hints to an implementation, whatever their value.
HINTS = frozenset(
    """batch_input_shape consume_less create_input data_format dtype implementation input_dim input_dtype input_length
    input_shape key_shape noise_shape query_shape ragged renorm_clipping return_runs sparse time_major value_shape
    autocast build_input_shape experimental_run_tf_function number trainable virtual_batch_size fused zero_output_for_mask
    """.split()
)

# What older layers wrote although they could do nothing else.
ONLY_VALUES = {"adjustment": None, "cropping_mode": None, "groups": 1, "dilation_rate": 1, "swap_xy": False, "interpolation": "nearest"}

DATA_FORMATS = {"tf": "channels_last", "th": "channels_first", "default": None}

MERGE_MODES = {
    "ave": "Average",
    "concat": "Concatenate",
    "cos": "Dot",
    "dot": "Dot",
    "max": "Maximum",
    "mul": "Multiply",
    "sum": "Add",
}

# Namespaces that the keys of a config point into.
NAMESPACE_OF_KEY = {
    "_initializer": "initializers",
    "_regularizer": "regularizers",
    "_constraint": "constraints",
    "cell": "layers",
    "cells": "layers",
    "layer": "layers",
    "backward_layer": "layers",
}

REGULARIZERS = {"L1L2Regularizer": "L1L2", "WeightRegularizer": "L1L2", "ActivityRegularizer": "L1L2"}
