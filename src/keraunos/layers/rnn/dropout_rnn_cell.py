"""Dropout masks that stay the same over all timesteps."""

from keraunos import ops, random


class DropoutRNNCell:
    """Mix-in of cells with `dropout`, `recurrent_dropout` and a `seed_generator`.

    A mask is drawn when it is first asked for and kept until it is reset, so that every timestep drops the same units
    (Gal and Ghahramani, 2016). `RNN` draws the masks before its loop and resets them after it. A cell with a
    `dropout_mask_count` gets a list of so many masks, one for each gate.
    """

    @property
    def draws_masks(self):
        """Whether there is any dropout: otherwise the seeds never change and need not be saved."""
        return self.dropout > 0 or self.recurrent_dropout > 0

    def _draw_mask(self, like, rate):
        count = getattr(self, "dropout_mask_count", None)
        ones = ops.ones_like(like)
        masks = [random.dropout(ones, rate=rate, seed=self.seed_generator) for _ in range(count or 1)]
        return masks[0] if count is None else masks

    def _kept_mask(self, name, like, rate):
        # In `__dict__`: an attribute of a layer that changes would make compiled calls of its model out of date.
        if self.__dict__.get(name) is None and rate > 0:
            self.__dict__[name] = self._draw_mask(like, rate)
        return self.__dict__.get(name)

    def get_dropout_mask(self, step_input):
        """The mask, or masks, of the inputs of a step; `None` without dropout."""
        return self._kept_mask("_dropout_mask", step_input, self.dropout)

    def get_recurrent_dropout_mask(self, step_input):
        """The mask, or masks, of the state; `None` without recurrent dropout."""
        return self._kept_mask("_recurrent_dropout_mask", step_input, self.recurrent_dropout)

    def reset_dropout_mask(self):
        """Forgets the mask of the inputs."""
        self.__dict__.pop("_dropout_mask", None)

    def reset_recurrent_dropout_mask(self):
        """Forgets the mask of the state."""
        self.__dict__.pop("_recurrent_dropout_mask", None)
