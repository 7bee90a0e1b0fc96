"""Base class of all optimizers."""

import re
import warnings

from keraunos import config, ops
from keraunos.naming import auto_name, name_scope
from keraunos.optimizers import clipping
from keraunos.optimizers.compiled_step import CompiledStep
from keraunos.optimizers.conditional import run_either
from keraunos.optimizers.optimizer_state import OptimizerState
from keraunos.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from keraunos.optimizers.validation import check_learning_rate, check_names, check_not_negative
from keraunos.stateless_scope import StatelessScope
from keraunos.variable import Variable


class Optimizer(OptimizerState):
    """Changes variables along their gradients.

    Subclasses write `update_step(gradient, variable, learning_rate)` with `keraunos.ops`, make their own variables in
    `build(variables)`, and add their arguments to `get_config()`.

    Arguments:
        learning_rate: float, `LearningRateSchedule`, or a callable without arguments.
        weight_decay: if given, each step also subtracts `weight_decay * learning_rate * variable`.
        clipnorm: if given, each gradient is scaled down to this norm.
        clipvalue: if given, gradients are clipped to `[-clipvalue, clipvalue]`.
        global_clipnorm: if given, all gradients are scaled by one factor to this norm. Only one of the three.
        use_ema: whether to keep a moving average of the variables.
        ema_momentum: share of the old average that is kept at each step.
        ema_overwrite_frequency: every so many steps, the variables become their average; `None`: only at the end.
        loss_scale_factor: factor on the loss (`scale_loss`) that is taken out of the gradients again.
        gradient_accumulation_steps: if given, gradients of so many calls are averaged into one step.
        name: optional name.

    ```python
    class SignSGD(keraunos.optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, learning_rate * keraunos.ops.sign(gradient))
    ```
    """

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        super().__init__()
        if kwargs.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored.", stacklevel=3)
        check_names(kwargs)
        self.name = auto_name(self.__class__.__name__) if name is None else name
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_arguments()
        self.built = False
        self._step_values = None
        self._iterations = self._own_variable(0, "iteration", "int")
        if not callable(learning_rate):
            check_learning_rate(learning_rate)
            learning_rate = self._own_variable(float(learning_rate), "learning_rate", config.floatx())
        self._learning_rate = learning_rate

    def _check_arguments(self):
        check_not_negative(
            clipnorm=self.clipnorm, clipvalue=self.clipvalue, global_clipnorm=self.global_clipnorm
        )
        if [self.clipnorm, self.clipvalue, self.global_clipnorm].count(None) < 2:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                f"clipnorm={self.clipnorm}, clipvalue={self.clipvalue}, global_clipnorm={self.global_clipnorm}"
            )
        steps = self.gradient_accumulation_steps
        if steps and not steps >= 2:
            raise ValueError(
                "`gradient_accumulation_steps` must be an integer >= 2. "
                f"Received: gradient_accumulation_steps={steps}"
            )
        if not self.use_ema:
            return
        if not 0 <= self.ema_momentum <= 1:
            raise ValueError(
                f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={self.ema_momentum}"
            )
        frequency = self.ema_overwrite_frequency
        if frequency and (not isinstance(frequency, int) or frequency < 1):
            raise ValueError(
                "`ema_overwrite_frequency` must be an integer >= 1 or None. "
                f"Received: ema_overwrite_frequency={frequency}"
            )

    @property
    def iterations(self):
        """Number of steps taken; with gradient accumulation, the calls divided by the calls per step."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    def build(self, variables):
        """Makes the variables that belong to the given trainable variables. Subclasses call `super().build` first."""
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = [
                self.add_variable_from_reference(variable, name="gradient_accumulator") for variable in variables
            ]
        self._set_trainable_variables(variables)
        self.built = True

    # ------------------------------------------------------------------ a step

    def update_step(self, gradient, variable, learning_rate):
        """Changes one variable along its gradient; to be written by subclasses."""
        raise NotImplementedError

    def assign(self, variable, value):
        """Sets a variable. `update_step` uses these three methods for all assignments."""
        variable.assign(value)

    def assign_add(self, variable, value):
        """Adds to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable, value):
        """Subtracts from a variable."""
        variable.assign_sub(value)

    def apply_gradients(self, grads_and_vars):
        """One step from pairs `(gradient, variable)`. Returns the step count."""
        grads, trainable_variables = zip(*grads_and_vars)
        self.apply(grads, trainable_variables)
        return self._iterations

    def apply(self, grads, trainable_variables=None):
        """One step.

        Arguments:
            grads: list of gradients; `None` for variables that the loss does not depend on.
            trainable_variables: the variables, in the same order; those given to `build` by default.

        Raises:
            ValueError: no gradient at all, other counts, or variables the optimizer was not built with.
        """
        if len(grads) == 0:
            return
        trainable_variables = self._checked_variables(grads, trainable_variables)
        compiled = self.__dict__.get("_compiled_step")
        if compiled is None:
            compiled = self.__dict__["_compiled_step"] = CompiledStep(self)
        if not compiled(self, grads, trainable_variables):
            self._step(grads, trainable_variables)

    def _step(self, grads, trainable_variables):
        """One step, op by op."""
        with name_scope(self.name, caller=self):
            grads, trainable_variables = self._without_missing(grads, trainable_variables)
            grads, trainable_variables = self._overwrite_by_gradients(grads, trainable_variables)
            if grads:
                self._step_values = {}
                try:
                    self._apply_gradients(grads, trainable_variables)
                finally:
                    self._step_values = None
        self._iterations.assign_add(1)

    def _apply_gradients(self, grads, trainable_variables):
        if self.loss_scale_factor is not None:
            grads = [gradient / self.loss_scale_factor for gradient in grads]
        if self.gradient_accumulation_steps:
            self._accumulate_or_update(grads, trainable_variables)
        else:
            self._clip_and_update(grads, trainable_variables)
        if self.use_ema:
            self._update_averages()
        for variable in trainable_variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))

    def _checked_variables(self, grads, trainable_variables):
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    "When passing `grads` without `variables`, the optimizer must already be built on a list of "
                    "variables. Call `optimizer.build(trainable_variables)` first. "
                )
            trainable_variables = self._trainable_variables
        else:
            trainable_variables = list(trainable_variables)
            if not self.built:
                with name_scope(self.name, caller=self):
                    self.build(trainable_variables)
                self.built = True
            self._check_variables_are_known(trainable_variables)
        if len(grads) != len(trainable_variables):
            raise ValueError(
                "When passing `grads` as a list of gradient tensors, the gradients must match `optimizer.variables` "
                f"one-to-one. Received a list of {len(grads)} gradients, but the optimizer is tracking "
                f"{len(trainable_variables)} trainable variables."
            )
        return trainable_variables

    def _check_variables_are_known(self, variables):
        unknown = [v for v in variables if self._var_key(v) not in self._trainable_variables_indices]
        if not unknown:
            return
        names = ", ".join(f"'{_path(v)}'" for v in unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        raise ValueError(
            f"Unknown variable: {names}. This optimizer can only be called for the variables it was originally built "
            "with. When working with a new set of variables, you should recreate a new optimizer instance."
        )

    def _clip_and_update(self, grads, trainable_variables):
        grads = self._clip_gradients(grads)
        self._apply_weight_decay(trainable_variables)
        self._before_updates()
        learning_rate = self.learning_rate
        for gradient, variable in zip(grads, trainable_variables):
            self.update_step(gradient, variable, learning_rate)

    def _before_updates(self):
        """Changes what all variables of a step share, once per step."""

    def _once_per_step(self, name, dtype, compute, *inputs):
        """The scalar `compute(*inputs)`, computed once for all variables of that dtype that a step changes.

        Outside of `apply` it is computed anew. The inputs are told apart by identity.
        """
        if self._step_values is None:
            return compute(*inputs)
        key = (name, dtype, *map(id, inputs))
        if key not in self._step_values:
            # The inputs are kept too, so that no other object takes their id during the step.
            self._step_values[key] = (compute(*inputs), inputs)
        return self._step_values[key][0]

    def _learning_rate_as(self, dtype, learning_rate):
        return self._once_per_step("learning_rate", dtype, lambda rate: ops.cast(rate, dtype), learning_rate)

    def _step_number(self, dtype):
        """Number of the running step, from 1."""
        return self._once_per_step("step", dtype, lambda: ops.cast(self.iterations + 1, dtype))

    def _accumulate_or_update(self, grads, trainable_variables):
        steps = self.gradient_accumulation_steps
        sums = [self._accumulated_gradients[self._get_variable_index(v)] for v in trainable_variables]

        def update():
            means = [(gradient + total) / steps for gradient, total in zip(grads, sums)]
            self._clip_and_update(means, trainable_variables)
            for total in self._accumulated_gradients:
                total.assign(ops.zeros(total.shape, dtype=total.dtype))

        def accumulate():
            for gradient, total in zip(grads, sums):
                total.assign_add(gradient)

        run_either(self._is_update_step(), update, accumulate, self._variables + list(trainable_variables))

    def _is_update_step(self):
        return ops.equal((self._iterations + 1) % self.gradient_accumulation_steps, 0)

    def _overwrite_by_gradients(self, grads, variables):
        """Puts gradients in place of the variables that ask for it, and returns the rest."""
        if not any(self._is_overwritten(variable) for variable in variables):
            return grads, variables
        for gradient, variable in zip(grads, variables):
            if not self._is_overwritten(variable):
                continue
            if not self.gradient_accumulation_steps:
                variable.assign(gradient)
                continue
            largest = self._accumulated_gradients[self._get_variable_index(variable)]
            is_update_step = self._is_update_step()
            joined = ops.maximum(gradient, largest)
            variable.assign(ops.where(is_update_step, joined, variable))
            largest.assign(ops.where(is_update_step, ops.zeros_like(joined), joined))
        kept = [(g, v) for g, v in zip(grads, variables) if not self._is_overwritten(v)]
        return [gradient for gradient, _ in kept], [variable for _, variable in kept]

    def _without_missing(self, grads, variables):
        missing = [_path(variable) for gradient, variable in zip(grads, variables) if gradient is None]
        if len(missing) == len(variables):
            raise ValueError("No gradients provided for any variable.")
        if missing:
            warnings.warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss. If using "
                "`model.compile()`, did you forget to provide a `loss` argument?",
                stacklevel=4,
            )
        present = [(g, v) for g, v in zip(grads, variables) if g is not None]
        return [gradient for gradient, _ in present], [variable for _, variable in present]

    def _clip_gradients(self, grads):
        if self.clipnorm:
            return [clipping.clip_by_norm(gradient, self.clipnorm) for gradient in grads]
        if self.global_clipnorm:
            return clipping.clip_by_global_norm(grads, self.global_clipnorm)
        if self.clipvalue:
            return [ops.clip(gradient, -self.clipvalue, self.clipvalue) for gradient in grads]
        return grads

    # ------------------------------------------------------------------ weight decay and averages

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Takes variables out of weight decay. To be called before `build`.

        Arguments:
            var_list: variables.
            var_names: regular expressions; a variable is excluded when one is found in its name.
        """
        self._undecayed_keys = {self._var_key(variable) for variable in var_list or ()}
        self._undecayed_names = re.compile("|".join(set(var_names))) if var_names else None

    def _use_weight_decay(self, variable):
        if self._var_key(variable) in getattr(self, "_undecayed_keys", ()):
            return False
        names = getattr(self, "_undecayed_names", None)
        return names is None or names.search(variable.name) is None

    def _apply_weight_decay(self, variables):
        if self.weight_decay is None:
            return
        for variable in variables:
            if self._use_weight_decay(variable):
                self._decay(variable, self.weight_decay)

    def _decay(self, variable, weight_decay):
        rate = self._once_per_step(
            ("decay", weight_decay),
            variable.dtype,
            lambda: ops.cast(self.learning_rate, variable.dtype) * weight_decay,
        )
        variable.assign(variable - variable * rate)

    def _update_averages(self):
        variables = self._trainable_variables
        for variable, average in zip(variables, self._model_variables_moving_average):
            if average is not None:
                momentum = self._ema_rate(variable.dtype)
                average.assign(momentum * average + (1 - momentum) * variable)
        if self.ema_overwrite_frequency:
            run_either(
                ops.equal((self.iterations + 1) % self.ema_overwrite_frequency, 0),
                lambda: self._overwrite_by_averages(variables),
                lambda: None,
                variables,
            )

    def _ema_rate(self, dtype):
        """Share of the old average: 0 at the first step, which makes the average the variable itself."""
        return self._once_per_step(
            "ema", dtype, lambda: ops.cast(ops.not_equal(self.iterations, 0), dtype) * self.ema_momentum
        )

    def _overwrite_by_averages(self, variables):
        averages = self._model_variables_moving_average
        if len(variables) != len(averages):
            raise ValueError(
                f"The length of model variables ({len(variables)}) to override does not match the length of model "
                f"variables stored in the optimizer ({len(averages)}). Please check if the optimizer was called on "
                "your model."
            )
        for variable, average in zip(variables, averages):
            if average is not None:
                variable.assign(average)

    def finalize_variable_values(self, var_list):
        """Last change of the variables after training: with `use_ema`, they become their averages."""
        if self.use_ema:
            self._overwrite_by_averages(var_list)

    # ------------------------------------------------------------------ learning rate and loss scale

    @property
    def learning_rate(self):
        """Learning rate of the next step: a variable, or the value of the schedule or callable."""
        return self._get_current_learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        if callable(learning_rate):
            if isinstance(self._learning_rate, Variable):
                self._forget(self._learning_rate)
            self._learning_rate = learning_rate
            return
        if isinstance(self._learning_rate, LearningRateSchedule):
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
                "argument, hence its learning rate is not settable. If you need the learning rate to be settable, "
                "you should instantiate the optimizer with a float `learning_rate` argument."
            )
        self._learning_rate.assign(learning_rate)

    def _get_current_learning_rate(self):
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations)
        return self._learning_rate() if callable(self._learning_rate) else self._learning_rate

    def scale_loss(self, loss):
        """The loss times `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # ------------------------------------------------------------------ without state, and as a config

    def stateless_apply(self, optimizer_variables, grads, trainable_variables):
        """What `apply` would make of the given values, without changing any variable.

        Arguments:
            optimizer_variables: values, one for each of `variables`.
            grads: gradients.
            trainable_variables: values, one for each variable the optimizer was built with.

        Returns:
            Pair of lists: new values of the trainable variables and of the optimizer's variables.
        """
        self._check_super_called()
        name = self.__class__.__name__
        if not self.built:
            raise ValueError(
                f"To call `stateless_apply`, {name} must be built (i.e. its variables must have been created). You "
                "can build it via `optimizer.build(trainable_variables)`."
            )
        if len(optimizer_variables) != len(self.variables):
            raise ValueError(
                "Argument `optimizer_variables` must be a list of tensors corresponding 1:1 to "
                f"{name}().variables. Received list with length {len(optimizer_variables)}, but expected "
                f"{len(self.variables)} variables."
            )
        if len(trainable_variables) != len(self._trainable_variables):
            raise ValueError(
                "Argument `trainable_variables` must be a list of tensors corresponding 1:1 to the trainable "
                "variables list that the optimizer was built with. Received len(trainable_variables) == "
                f"{len(trainable_variables)} whereas the optimizer was built with "
                f"{len(self._trainable_variables)} variables."
            )
        mapping = list(zip(self._trainable_variables, trainable_variables))
        mapping += list(zip(self.variables, optimizer_variables))
        with StatelessScope(state_mapping=mapping) as scope:
            self.apply(grads)
        return (
            [scope.get_current_value(variable) for variable in self._trainable_variables],
            [scope.get_current_value(variable) for variable in self.variables],
        )

    def get_config(self):
        """Dictionary of the constructor arguments."""
        return {
            "name": self.name,
            "learning_rate": self._learning_rate_config(),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    def _learning_rate_config(self):
        if isinstance(self._learning_rate, Variable):
            return float(self._learning_rate.numpy())
        from keraunos import serialization

        return serialization.serialize_keras_object(self._learning_rate)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes an optimizer from what `get_config` returned."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            from keraunos import serialization

            config["learning_rate"] = serialization.deserialize_keras_object(
                config["learning_rate"], custom_objects=custom_objects
            )
        return cls(**config)

    def _obj_type(self):
        return "Optimizer"


def _path(variable):
    return getattr(variable, "path", None) or variable.name
