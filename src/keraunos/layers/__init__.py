"""The layers (`keras.layers`)."""

from keraunos.layers.activations.activation import Activation
from keraunos.layers.activations.elu import ELU
from keraunos.layers.activations.leaky_relu import LeakyReLU
from keraunos.layers.activations.prelu import PReLU
from keraunos.layers.activations.relu import ReLU
from keraunos.layers.activations.softmax import Softmax
from keraunos.layers.convolutional.conv1d import Conv1D
from keraunos.layers.convolutional.conv1d_transpose import Conv1DTranspose
from keraunos.layers.convolutional.conv2d import Conv2D
from keraunos.layers.convolutional.conv2d_transpose import Conv2DTranspose
from keraunos.layers.convolutional.conv3d import Conv3D
from keraunos.layers.convolutional.conv3d_transpose import Conv3DTranspose
from keraunos.layers.convolutional.depthwise_conv1d import DepthwiseConv1D
from keraunos.layers.convolutional.depthwise_conv2d import DepthwiseConv2D
from keraunos.layers.convolutional.separable_conv1d import SeparableConv1D
from keraunos.layers.convolutional.separable_conv2d import SeparableConv2D
from keraunos.layers.attention.additive_attention import AdditiveAttention
from keraunos.layers.attention.attention import Attention
from keraunos.layers.attention.grouped_query_attention import GroupedQueryAttention as GroupQueryAttention
from keraunos.layers.attention.multi_head_attention import MultiHeadAttention
from keraunos.layers.core.dense import Dense
from keraunos.layers.core.einsum_dense import EinsumDense
from keraunos.layers.core.embedding import Embedding
from keraunos.layers.core.identity import Identity
from keraunos.layers.core.input_layer import Input, InputLayer
from keraunos.layers.core.lambda_layer import Lambda
from keraunos.layers.core.masking import Masking
from keraunos.layers.core.reversible_embedding import ReversibleEmbedding
from keraunos.layers.core.wrapper import Wrapper
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer
from keraunos.layers.merging.add import Add, add
from keraunos.layers.merging.average import Average, average
from keraunos.layers.merging.concatenate import Concatenate, concatenate
from keraunos.layers.merging.dot import Dot, dot
from keraunos.layers.merging.maximum import Maximum, maximum
from keraunos.layers.merging.minimum import Minimum, minimum
from keraunos.layers.merging.multiply import Multiply, multiply
from keraunos.layers.merging.subtract import Subtract, subtract
from keraunos.layers.normalization.batch_normalization import BatchNormalization
from keraunos.layers.normalization.group_normalization import GroupNormalization
from keraunos.layers.normalization.layer_normalization import LayerNormalization
from keraunos.layers.normalization.rms_normalization import RMSNormalization
from keraunos.layers.normalization.spectral_normalization import SpectralNormalization
from keraunos.layers.normalization.unit_normalization import UnitNormalization
from keraunos.layers.not_built import NOT_BUILT as _NOT_BUILT
from keraunos.layers.pooling.adaptive_average_pooling1d import AdaptiveAveragePooling1D
from keraunos.layers.pooling.adaptive_average_pooling2d import AdaptiveAveragePooling2D
from keraunos.layers.pooling.adaptive_average_pooling3d import AdaptiveAveragePooling3D
from keraunos.layers.pooling.adaptive_max_pooling1d import AdaptiveMaxPooling1D
from keraunos.layers.pooling.adaptive_max_pooling2d import AdaptiveMaxPooling2D
from keraunos.layers.pooling.adaptive_max_pooling3d import AdaptiveMaxPooling3D
from keraunos.layers.pooling.average_pooling1d import AveragePooling1D
from keraunos.layers.pooling.average_pooling2d import AveragePooling2D
from keraunos.layers.pooling.average_pooling3d import AveragePooling3D
from keraunos.layers.pooling.global_average_pooling1d import GlobalAveragePooling1D
from keraunos.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D
from keraunos.layers.pooling.global_average_pooling3d import GlobalAveragePooling3D
from keraunos.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D
from keraunos.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D
from keraunos.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D
from keraunos.layers.pooling.max_pooling1d import MaxPooling1D
from keraunos.layers.pooling.max_pooling2d import MaxPooling2D
from keraunos.layers.pooling.max_pooling3d import MaxPooling3D
from keraunos.layers.preprocessing.rescaling import Rescaling
from keraunos.layers.regularization.activity_regularization import (
    ActivityRegularization,
)
from keraunos.layers.regularization.alpha_dropout import AlphaDropout
from keraunos.layers.regularization.dropout import Dropout
from keraunos.layers.regularization.gaussian_dropout import GaussianDropout
from keraunos.layers.regularization.gaussian_noise import GaussianNoise
from keraunos.layers.regularization.spatial_dropout import (
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from keraunos.layers.reshaping.cropping1d import Cropping1D
from keraunos.layers.reshaping.cropping2d import Cropping2D
from keraunos.layers.reshaping.cropping3d import Cropping3D
from keraunos.layers.reshaping.flatten import Flatten
from keraunos.layers.reshaping.permute import Permute
from keraunos.layers.reshaping.repeat_vector import RepeatVector
from keraunos.layers.reshaping.reshape import Reshape
from keraunos.layers.reshaping.up_sampling1d import UpSampling1D
from keraunos.layers.reshaping.up_sampling2d import UpSampling2D
from keraunos.layers.reshaping.up_sampling3d import UpSampling3D
from keraunos.layers.reshaping.zero_padding1d import ZeroPadding1D
from keraunos.layers.reshaping.zero_padding2d import ZeroPadding2D
from keraunos.layers.reshaping.zero_padding3d import ZeroPadding3D
from keraunos.layers.rnn.bidirectional import Bidirectional
from keraunos.layers.rnn.conv_lstm1d import ConvLSTM1D
from keraunos.layers.rnn.conv_lstm2d import ConvLSTM2D
from keraunos.layers.rnn.conv_lstm3d import ConvLSTM3D
from keraunos.layers.rnn.gru import GRU
from keraunos.layers.rnn.gru_cell import GRUCell
from keraunos.layers.rnn.lstm import LSTM
from keraunos.layers.rnn.lstm_cell import LSTMCell
from keraunos.layers.rnn.rnn import RNN
from keraunos.layers.rnn.simple_rnn import SimpleRNN
from keraunos.layers.rnn.simple_rnn_cell import SimpleRNNCell
from keraunos.layers.rnn.stacked_rnn_cells import StackedRNNCells
from keraunos.layers.rnn.time_distributed import TimeDistributed
from keraunos.layers.serialization import deserialize, serialize

# Second names, as in Keras.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

__all__ = [
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "MaxPooling1D",
    "GlobalMaxPooling1D",
    "AdaptiveMaxPooling1D",
    "AveragePooling1D",
    "GlobalAveragePooling1D",
    "AdaptiveAveragePooling1D",
    "MaxPooling2D",
    "GlobalMaxPooling2D",
    "AdaptiveMaxPooling2D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "AdaptiveAveragePooling2D",
    "MaxPooling3D",
    "GlobalMaxPooling3D",
    "AdaptiveMaxPooling3D",
    "AveragePooling3D",
    "GlobalAveragePooling3D",
    "AdaptiveAveragePooling3D",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "MaxPool1D",
    "GlobalMaxPool1D",
    "AvgPool1D",
    "GlobalAvgPool1D",
    "MaxPool2D",
    "GlobalMaxPool2D",
    "AvgPool2D",
    "GlobalAvgPool2D",
    "MaxPool3D",
    "GlobalMaxPool3D",
    "AvgPool3D",
    "GlobalAvgPool3D",
    "ELU",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Dense",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "GRU",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "GroupQueryAttention",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTM",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "PReLU",
    "Permute",
    "RNN",
    "RMSNormalization",
    "ReLU",
    "ReversibleEmbedding",
    "RepeatVector",
    "Rescaling",
    "SimpleRNN",
    "SimpleRNNCell",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]


def __getattr__(name):
    if name in _NOT_BUILT:
        raise AttributeError(f"keraunos.layers.{name} is not built yet")
    raise AttributeError(f"module 'keraunos.layers' has no attribute '{name}'")
