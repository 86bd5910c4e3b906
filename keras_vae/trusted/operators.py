"""The operators of TensorFlow that a SavedModel may hold.

They compute tensors of tensors. There is none for files, networks, processes, Python, libraries,
printing (which may go to a file), data pipelines, or tables.
"""

_OPERATORS = """
    Abs AccumulateNV2 Acos Acosh Add AddN AddV2 AdjustContrastv2 AdjustHue AdjustSaturation All
    Angle Any ApproximateEqual ArgMax ArgMin Asin Asinh Assert Atan Atan2 Atanh AvgPool AvgPool3D
    AvgPool3DGrad AvgPoolGrad BandedTriangularSolve BatchMatMul BatchMatMulV2 BatchMatMulV3
    BatchToSpace BatchToSpaceND BesselI0 BesselI0e BesselI1 BesselI1e Betainc BiasAdd BiasAddGrad
    Bincount Bitcast BitwiseAnd BitwiseOr BitwiseXor BroadcastArgs BroadcastGradientArgs BroadcastTo
    Bucketize Case Cast Ceil CheckNumerics CheckNumericsV2 Cholesky CholeskyGrad ClipByValue Complex
    ComplexAbs Concat ConcatOffset ConcatV2 Conj ConjugateTranspose Const Conv Conv2D
    Conv2DBackpropFilter Conv2DBackpropInput Conv2DBackpropInputV2 Conv3D Conv3DBackpropInputV2 Cos
    Cosh CropAndResize Cross Cumprod Cumsum CumulativeLogsumexp DenseBincount DepthToSpace
    DepthwiseConv2dNative DepthwiseConv2dNativeBackpropInput Diag DiagPart Digamma Dilation2D Div
    DivNoNan DynamicPartition DynamicStitch Einsum Elu EluGrad Empty EmptyTensorList EnsureShape
    Equal Erf Erfc Erfinv EuclideanNorm Exp ExpandDims Expm1 ExtractImagePatches
    ExtractVolumePatches FFT FFT2D FFT3D Fill Floor FloorDiv FloorMod FusedBatchNorm
    FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual HSVToRGB IFFT
    IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D Identity IdentityN If Igamma Igammac Imag
    ImageProjectiveTransformV2 ImageProjectiveTransformV3 InvertPermutation Invert IsFinite IsInf
    IsNan L2Loss LeakyRelu LeakyReluGrad LeftShift Less LessEqual Lgamma LinSpace Log Log1p
    LogMatrixDeterminant LogSoftmax LogicalAnd LogicalNot LogicalOr LowerBound Lu MatMul
    MatrixBandPart MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3
    MatrixDiagV2 MatrixDiagV3 MatrixExponential MatrixInverse MatrixLogarithm MatrixSetDiag
    MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixSolveLs MatrixSquareRoot MatrixTriangularSolve
    Max MaxPool MaxPool3D MaxPoolGrad MaxPoolV2 MaxPoolWithArgmax Maximum Mean Merge Min Minimum
    MirrorPad Mod Mul MulNoNan Multinomial Ndtri Neg NextAfter NoOp NotEqual NthElement OneHot
    OnesLike Pack Pad PadV2 ParallelConcat ParallelDynamicStitch PartitionedCall Placeholder
    PlaceholderWithDefault Polygamma PopulationCount Pow PreventGradient Prod Qr RFFT RFFT2D RFFT3D
    RGBToHSV RandomGamma RandomPoissonV2 RandomShuffle RandomStandardNormal RandomUniform
    RandomUniformInt Range Rank ReadVariableOp Real RealDiv Reciprocal ReciprocalGrad Relu Relu6
    Relu6Grad ReluGrad Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
    ResourceGather ResourceGatherNd Reverse ReverseSequence ReverseV2 RightShift Rint Roll Round
    Rsqrt RsqrtGrad ScaleAndTranslate ScatterNd SegmentMax SegmentMean SegmentMin SegmentProd
    SegmentSum Select SelectV2 SelfAdjointEigV2 Selu SeluGrad Shape ShapeN Sigmoid SigmoidGrad Sign
    Sin Sinh Size Slice Softmax SoftmaxCrossEntropyWithLogits Softplus SoftplusGrad Softsign
    SoftsignGrad SpaceToBatch SpaceToBatchND SpaceToDepth SparseSoftmaxCrossEntropyWithLogits Spence
    Split SplitV Sqrt SqrtGrad Square SquaredDifference Squeeze StatefulPartitionedCall
    StatelessCase StatelessIf StatelessMultinomial StatelessParameterizedTruncatedNormal
    StatelessRandomBinomial StatelessRandomGammaV2 StatelessRandomGammaV3 StatelessRandomGetAlg
    StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal
    StatelessRandomNormalV2 StatelessRandomPoisson StatelessRandomUniform
    StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2 StatelessRandomUniformInt
    StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessShuffle StatelessTruncatedNormal
    StatelessTruncatedNormalV2 StatelessWhile StopGradient StridedSlice StridedSliceGrad Sub Sum Svd
    Tan Tanh TanhGrad TensorListConcatV2 TensorListElementShape TensorListFromTensor
    TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack
    TensorListReserve TensorListResize TensorListScatterV2 TensorListSetItem TensorListSplit
    TensorListStack TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
    TensorScatterUpdate TensorStridedSliceUpdate Tile TopK TopKV2 Transpose TridiagonalMatMul
    TridiagonalSolve TruncateDiv TruncateMod TruncatedNormal Unique UniqueV2 UniqueWithCounts Unpack
    UnravelIndex UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum
    UpperBound VarHandleOp VarIsInitializedOp VariableShape Where While Xdivy Xlog1py Xlogy
    ZerosLike Zeta
"""
OPERATORS = frozenset(_OPERATORS.split())

# Operators that write and read a SavedModel's variables, in its two functions for that.
_SAVER_OPERATORS = """
    AssignVariableOp DisableCopyOnRead MergeV2Checkpoints RestoreV2 SaveV2 ShardedFilename
    StaticRegexFullMatch StringJoin
"""
SAVER_OPERATORS = frozenset(_SAVER_OPERATORS.split())
