"""Low-rank adaptation of a layer's matrix (Hu et al., 2021)."""

from keraunos import initializers, ops


class LowRankAdaptation:
    """Mix-in of layers with one matrix, which can be frozen and adapted by the product of two small ones.

    The layer keeps its matrix in `_kernel` (or `_embeddings`, see `_lora_matrix`) and computes with
    `_adapted(matrix)`.
    """

    _lora_matrix = "kernel"

    def _take_lora_arguments(self, lora_rank, lora_alpha):
        self.lora_rank = lora_rank
        self.lora_alpha = lora_alpha if lora_alpha is not None else lora_rank
        self.lora_enabled = False

    def _own_matrix(self):
        return getattr(self, f"_{self._lora_matrix}")

    def _adapted(self, matrix):
        """`matrix + alpha / rank * a @ b`, or `matrix` itself without adaptation."""
        if not self.lora_enabled:
            return matrix
        return ops.cast(ops.add(matrix, self._adaptation()), dtype=self.compute_dtype)

    def _adaptation(self):
        return self.lora_alpha / self.lora_rank * ops.matmul(*self._adapting_variables())

    def _adapting_variables(self):
        return [getattr(self, f"lora_{self._lora_matrix}_{part}") for part in ("a", "b")]

    def _lora_shape(self):
        """The shape of the matrix that is adapted."""
        return tuple(self._own_matrix().shape)

    def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"):
        """Freezes the layer's matrix and adds two small ones, whose product is added to it and trained.

        Args:
            rank: Size that the two matrices share.
            lora_alpha: Factor of the product is `lora_alpha / rank`; `rank` if `None`.
            a_initializer: Initializer of the first matrix.
            b_initializer: Initializer of the second matrix.

        Raises:
            ValueError: for a layer that has a constraint, is not built, or is adapted already.
        """
        name = self._lora_matrix
        if getattr(self, f"{name}_constraint"):
            raise ValueError(
                f"Lora is incompatible with {'kernel' if name == 'kernel' else 'embedding'} constraints. In order to "
                f"enable lora on this layer, remove the `{name}_constraint` argument."
            )
        if not self.built:
            raise ValueError("Cannot enable lora on a layer that isn't yet built.")
        if self.lora_enabled:
            raise ValueError("lora is already enabled. This can only be done once per layer.")
        matrix_shape = self._lora_shape()
        was_locked = self._tracker.locked
        self._tracker.unlock()
        shapes = {"a": ((*matrix_shape[:-1], rank), a_initializer), "b": ((rank, matrix_shape[-1]), b_initializer)}
        for part, (shape, initializer) in shapes.items():
            weight = self.add_weight(
                name=f"lora_{name}_{part}",
                shape=shape,
                initializer=initializers.get(initializer),
                dtype="float32",
                regularizer=getattr(self, f"{name}_regularizer"),
            )
            setattr(self, f"lora_{name}_{part}", weight)
        self._own_matrix().trainable = False
        if was_locked:
            self._tracker.lock()
        self.lora_enabled = True
        self.lora_rank = rank
        self.lora_alpha = lora_alpha if lora_alpha is not None else rank

    def _lora_config(self):
        if not self.lora_rank:
            return {}
        return {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}
