"""Cropping and padding."""

from __future__ import annotations

from keraunos import config
from keraunos.ops._arguments import tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.image.ranks import check_rank
from keraunos.ops.numpy import joining, padding
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import KerasTensor

operation = operations("image")


def _margins(images, data_format):
    data_format = config.standardize_data_format(data_format)
    rank = len(images.shape)
    height_axis = rank - 3 if data_format == "channels_last" else rank - 2
    return height_axis, height_axis + 1


def _third(total, first, second, target, names, needs_target=True):
    """The one of (before, after, target) that was left out."""
    given = [first, second, target]
    if given.count(None) != 1:
        raise ValueError(f"Must specify exactly two of {', '.join(names)}. Received: {tuple(given)}")
    if needs_target and total is None and target is None:
        side = names[2].partition("_")[2]
        raise ValueError(
            f"When the {side} of the images is unknown, `{names[2]}` must be specified. "
            f"Received: {names[0]}={first}, {names[1]}={second}"
        )
    return given


@operation("images")
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Cuts margins off images; of each pair of margins and its target size, two are given."""
    images = tensor(images)
    check_rank("crop_images", images)
    for axis, before, after, target, names in zip(
        _margins(images, data_format),
        (top_cropping, left_cropping),
        (bottom_cropping, right_cropping),
        (target_height, target_width),
        (
            ("top_cropping", "bottom_cropping", "target_height"),
            ("left_cropping", "right_cropping", "target_width"),
        ),
    ):
        size = images.shape[axis]
        before, after, target = _third(size, before, after, target, names)
        if before is None:
            before = size - after - target
        end = None if not after and target is None else (before + target if target is not None else -after)
        if before < 0 or (after or 0) < 0 or (target is not None and target <= 0):
            raise ValueError(f"crop_images: margins and sizes must not be negative. Received: {names}: {before}, {after}, {target}")
        images = joining.slice_axis(images, axis, before, end)
    return images


def _pad_spec(images, data_format=None, **settings):
    """Where a target is given it is the size, whether or not that of the images is known."""
    check_rank("pad_images", images)
    shape, known = list(images.shape), list(images.shape)
    given = {}
    for axis, sides in zip(_margins(images, data_format), (("top", "bottom", "height"), ("left", "right", "width"))):
        before, after, target = f"{sides[0]}_padding", f"{sides[1]}_padding", f"target_{sides[2]}"
        values = [settings.get(name) for name in (before, after, target)]
        if shape[axis] is None and values[2] is not None:
            _third(None, *values, (before, after, target), needs_target=False)
            for name, value in zip((before, after, target), values):
                if value is not None and value < 0:
                    raise ValueError(f"{name} must be >= 0. Received: {name}={value}")
            known[axis] = given[axis] = values[2]
            values = [0, 0, None]
        settings.update(zip((before, after, target), values))
    spec = compute_output_spec(
        pad_images.__wrapped__, KerasTensor(known, dtype=images.dtype), data_format=data_format, **settings
    )
    return KerasTensor([given.get(axis, size) for axis, size in enumerate(spec.shape)], dtype=images.dtype)


@operation("images", spec=_pad_spec)
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Adds margins of zeros to images; of each pair of margins and its target size, two are given."""
    images = tensor(images)
    check_rank("pad_images", images)
    widths = [(0, 0)] * len(images.shape)
    for axis, before, after, target, names in zip(
        _margins(images, data_format),
        (top_padding, left_padding),
        (bottom_padding, right_padding),
        (target_height, target_width),
        (
            ("top_padding", "bottom_padding", "target_height"),
            ("left_padding", "right_padding", "target_width"),
        ),
    ):
        size = images.shape[axis]
        before, after, target = _third(size, before, after, target, names, needs_target=False)
        if target is not None and target < 0:
            raise ValueError(f"{names[2]} must be >= 0. Received: {names[2]}={target}")
        if size is None and target is not None:
            raise ValueError(
                f"pad_images: the size of the images must be known for `{names[2]}`. Received: {tuple(images.shape)}"
            )
        if before is None:
            before = target - after - size
        if after is None:
            after = target - before - size
        for value, name in zip((before, after), names):
            if value < 0:
                raise ValueError(f"{name} must be >= 0. Received: {name}={value}")
        widths[axis] = (before, after)
    return padding.pad(images, widths)


__all__ = ["crop_images", "pad_images"]
