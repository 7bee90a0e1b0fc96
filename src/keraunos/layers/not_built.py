"""Names of Keras layers that keraunos does not have yet. Asking for one gives an `AttributeError` that says so."""

NOT_BUILT = frozenset(
    """
    AugMix AutoContrast CategoryEncoding CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix
    Discretization Equalization FlaxLayer HashedCrossing Hashing IntegerLookup JaxLayer MaxNumBoundingBoxes
    MelSpectrogram MixUp Normalization Pipeline RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
    RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom Resizing
    STFTSpectrogram Solarization StringLookup TFSMLayer TextVectorization TorchModuleWrapper
    """.split()
)
