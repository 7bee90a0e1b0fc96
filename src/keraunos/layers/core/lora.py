"""Low-rank adaptation of a layer's matrix (Hu et al., 2021), and the refusal of quantization."""

from keraunos import initializers, ops


def refuse_quantization(layer_name, quantization_config):
    """Raises `NotImplementedError` when the argument was given."""
    if quantization_config is not None:
        raise NotImplementedError(
            f"{layer_name}: quantization is not offered. Received: quantization_config={quantization_config}"
        )


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
        product = ops.matmul(getattr(self, f"lora_{self._lora_matrix}_a"), getattr(self, f"lora_{self._lora_matrix}_b"))
        return ops.cast(ops.add(matrix, self.lora_alpha / self.lora_rank * product), dtype=self.compute_dtype)

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
        matrix = self._own_matrix()
        was_locked = self._tracker.locked
        self._tracker.unlock()
        shapes = {"a": ((*matrix.shape[:-1], rank), a_initializer), "b": ((rank, matrix.shape[-1]), b_initializer)}
        for part, (shape, initializer) in shapes.items():
            weight = self.add_weight(
                name=f"lora_{name}_{part}",
                shape=shape,
                initializer=initializers.get(initializer),
                dtype="float32",
                regularizer=getattr(self, f"{name}_regularizer"),
            )
            setattr(self, f"lora_{name}_{part}", weight)
        matrix.trainable = False
        if was_locked:
            self._tracker.lock()
        self.lora_enabled = True
        self.lora_rank = rank
        self.lora_alpha = lora_alpha if lora_alpha is not None else rank

    def _lora_config(self):
        if not self.lora_rank:
            return {}
        return {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}

    def save_own_variables(self, store):
        """Stores the adapted matrix as one: files do not depend on the adaptation."""
        if not self.built:
            return
        values = [self._adapted(self._own_matrix())]
        values += [v for v in self._own_variables() if v is not self._own_matrix() and not v.name.startswith("lora_")]
        for index, value in enumerate(values):
            store[f"{index}"] = value

    def load_own_variables(self, store):
        """Loads the matrix and forgets what was learned beside it."""
        if not self.lora_enabled:
            super().load_own_variables(store)
            return
        own = [v for v in self._own_variables() if not v.name.startswith("lora_")]
        for index, variable in enumerate(own):
            variable.assign(store[f"{index}"])
        for variable in self._own_variables():
            if variable.name.startswith("lora_"):
                variable.assign(ops.zeros(variable.shape))
