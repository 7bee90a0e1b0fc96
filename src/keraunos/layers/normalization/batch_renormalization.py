"""Batch renormalization (Ioffe, 2017): training sees what inference will, up to a clipped correction."""

from keraunos import initializers, ops

_CLIPPING_KEYS = ("rmax", "rmin", "dmax")


def checked_clipping(clipping):
    """The limits of the corrections as a dictionary.

    Args:
        clipping: Dictionary with any of `rmin`, `rmax` (of the factor) and `dmax` (of the shift), or `None`.

    Raises:
        ValueError: for other keys and for limits that exclude everything.
    """
    clipping = clipping or {}
    if set(clipping) - set(_CLIPPING_KEYS):
        raise ValueError(
            f"Received invalid keys for `renorm_clipping` argument: {clipping}. "
            f"Supported values: {list(_CLIPPING_KEYS)}."
        )
    rmax, rmin, dmax = (clipping.get(key) for key in _CLIPPING_KEYS)
    if rmax is not None and rmin is not None and rmax < rmin:
        raise ValueError(
            f"rmax should be greater than rmin in the `renorm_clipping` argument. Received: rmax={rmax}, rmin={rmin}."
        )
    if dmax is not None and dmax < 0:
        raise ValueError(
            f"dmax should be non-negative in the `renorm_clipping` argument. Received: dmax={dmax}."
        )
    return clipping


class BatchRenormalization:
    """Mix-in of `BatchNormalization`: the variables and formulas of `renorm=True`."""

    def _build_renorm(self, size):
        def root_of_variance(shape, dtype=None):
            return ops.sqrt(_copy(self.moving_variance_initializer)(shape, dtype=dtype))

        self.moving_stddev = self._add_feature_weight("moving_stddev", size, root_of_variance, False)
        self.renorm_mean = self._add_feature_weight("renorm_mean", size, _copy(self.moving_mean_initializer), False)
        self.renorm_stddev = self._add_feature_weight("renorm_stddev", size, root_of_variance, False)

    def _renormed_transform(self, mean, variance, gamma, beta):
        """The factor and the shift in place of `gamma` and `beta`: corrected by `r` and `d`, which are constants."""
        limits = self.renorm_clipping
        running = ops.maximum(ops.cast(self.renorm_stddev, mean.dtype), self.epsilon**0.5)
        r = ops.sqrt(variance + self.epsilon) / running
        d = (mean - ops.cast(self.renorm_mean, mean.dtype)) / running
        if limits.get("rmin") is not None:
            r = ops.maximum(r, limits["rmin"])
        if limits.get("rmax") is not None:
            r = ops.minimum(r, limits["rmax"])
        if limits.get("dmax") is not None:
            d = ops.clip(d, -limits["dmax"], limits["dmax"])
        r, d = ops.stop_gradient(r), ops.stop_gradient(d)
        factor, shift = (r, d) if gamma is None else (r * gamma, d * gamma)
        return factor, shift if beta is None else shift + beta

    def _update_renorm(self, mean, variance, has_data):
        stddev = ops.sqrt(variance + self.epsilon)
        self._update(self.renorm_mean, mean, has_data, self.renorm_momentum)
        self._update(self.renorm_stddev, stddev, has_data, self.renorm_momentum)
        self._update(self.moving_mean, mean, has_data, self.momentum)
        moving_stddev = self._update(self.moving_stddev, stddev, has_data, self.momentum)
        variance = ops.relu(ops.square(moving_stddev) - self.epsilon)
        if has_data is not None:
            variance = ops.where(has_data, variance, ops.cast(self.moving_variance, variance.dtype))
        self.moving_variance.assign(variance)


def _copy(initializer):
    """Another initializer of the same kind: one with a seed of its own draws the same numbers again."""
    if isinstance(initializer, initializers.Initializer):
        return type(initializer).from_config(initializer.get_config())
    return initializer
