"""The part of `Layer` that says in which types it computes."""

from keraunos import dtype_policies


class LayerDtypes:
    """Mix-in of `Layer`."""

    @property
    def dtype_policy(self):
        """The `DTypePolicy` of the layer."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value):
        policy = dtype_policies.get(value)
        if isinstance(self._dtype_policy, dtype_policies.DTypePolicyMap) and self.path:
            if self.path in self._dtype_policy:
                del self._dtype_policy[self.path]
            self._dtype_policy[self.path] = policy
        else:
            self._dtype_policy = policy
        self._quantize_to_policy(policy)

    def _own_policy(self):
        policy = self._dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap) and self.path:
            return policy[self.path]
        return policy

    @property
    def dtype(self):
        """Alias of `variable_dtype`."""
        return self.variable_dtype

    @property
    def compute_dtype(self):
        """The dtype that the layer computes in."""
        return self._own_policy().compute_dtype

    @property
    def variable_dtype(self):
        """The dtype of the layer's variables."""
        return self._own_policy().variable_dtype

    @property
    def quantization_mode(self):
        """The quantization mode, `None` for a layer that is not quantized."""
        return self._own_policy().quantization_mode

    @property
    def input_dtype(self):
        """The dtype that inputs are cast to."""
        return self.compute_dtype
