"""`keras.preprocessing`: data sets from folders and arrays, images, sequences."""

from keraunos.preprocessing import image, sequence
from keraunos.utils import image_dataset_from_directory, text_dataset_from_directory, timeseries_dataset_from_array

__all__ = ["image", "image_dataset_from_directory", "sequence", "text_dataset_from_directory", "timeseries_dataset_from_array"]
