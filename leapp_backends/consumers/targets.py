"""The targets that come along."""

from __future__ import annotations

from leapp_core.plugins.targets import Target

_TENSORRT_8_5 = """Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast Ceil
Celu Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DepthToSpace
DequantizeLinear Div Dropout Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather
GatherElements GatherND Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GRU
HardSigmoid Identity If InstanceNormalization IsNaN LeakyRelu Less LessOrEqual Log LogSoftmax Loop
LRN LSTM LpNormalization LpPool MatMul Max MaxPool Mean Min Mul Neg Not Or Pad Pow PRelu
QuantizeLinear RandomUniform RandomUniformLike Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize
ReverseSequence RNN Round Scan Scatter ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Sinh
Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh
ThresholdedRelu Tile TopK Transpose Unsqueeze Upsample Where Xor GridSample HardSwish
MeanVarianceNormalization Mod NonMaxSuppression NonZero OneHot RandomNormal RandomNormalLike Reciprocal
RoiAlign Shrink Trilu"""
_TENSORRT_10 = (
    _TENSORRT_8_5 + """ CastLike DeformConv Gelu GroupNormalization Hardmax IsInf LayerNormalization Mish STFT"""
)
_RKNN = """Add And ArgMax ArgMin AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv
ConvTranspose Cos DepthToSpace DequantizeLinear Div Dropout Elu Equal Erf Exp Expand EyeLike Flatten
Floor Gather GatherElements Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GRU
HardSigmoid HardSwish Identity If InstanceNormalization LayerNormalization LeakyRelu Less
LessOrEqual Log LogSoftmax LpNormalization LRN LSTM MatMul Max MaxPool MaxRoiPool MaxUnpool
MeanVarianceNormalization Min Mish Mod Mul Pad Pow PRelu QuantizeLinear ReduceMax ReduceMean
ReduceMin ReduceSum Relu Reshape Resize ReverseSequence RoiAlign ScatterND Shape Sigmoid Sin Size Slice
Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Tanh Tile Transpose Unsqueeze Where"""


TARGETS = (
    *(
        Target(f"onnxruntime-{release}", f"ONNX Runtime {release} on the CPU", opset, f"ONNX Runtime {version}")
        for release, version, opset in (("1.16", "1.16.3", 19), ("1.18", "1.18.1", 20), ("1.20", "1.20.1", 20))
    ),
    Target(
        "jetpack-5",
        "JetPack 5, taken to have ONNX Runtime 1.16",
        17,
        ran="ONNX Runtime 1.16.3 on a PC's CPU, not on a Jetson",
    ),
    Target(
        "jetpack-6",
        "JetPack 6, taken to have ONNX Runtime 1.18",
        19,
        ran="ONNX Runtime 1.18.1 on a PC's CPU, not on a Jetson",
    ),
    Target(
        "tensorrt-8.5",
        "TensorRT 8.5 and newer releases of 8",
        17,
        published="list of ONNX-TensorRT for 8.5",
        operators=frozenset(_TENSORRT_8_5.split()),
    ),
    Target(
        "tensorrt-10",
        "TensorRT 10.15",
        20,
        published="list of ONNX-TensorRT for 10.15",
        operators=frozenset(_TENSORRT_10.split()),
    ),
    Target(
        "rknn",
        "Rockchip NPUs through RKNN-Toolkit2",
        19,
        published="list of RKNN-Toolkit2 2.1.0",
        operators=frozenset(_RKNN.split()),
    ),
    Target("openvino", "OpenVINO", 20),
    Target(
        "isaac-ros-4.6",
        "Isaac ROS Deploy 4.6 and newer, its ros2_control controller",
        20,
        published="rules of `leapp check --consumer isaac-ros`",
        aliases=("isaac-ros",),
        float_state=True,
        temporal_axis=False,
    ),
)
