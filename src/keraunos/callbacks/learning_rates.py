"""The learning rates of a model's optimizer, which may consist of several."""


def optimizers_of(model):
    """Returns pairs of an optimizer and its name followed by a space, `""` if it is the only one."""
    inner = getattr(model.optimizer, "optimizers", None)
    if inner is None:
        return [(model.optimizer, "")]
    return [(optimizer, f"{optimizer.name} ") for optimizer in inner]


def learning_rate_logs(model):
    """Returns the current learning rates as a dict for the logs."""
    inner = getattr(model.optimizer, "optimizers", None)
    if inner is None:
        return {"learning_rate": float(model.optimizer.learning_rate)}
    return {
        f"learning_rate_{optimizer.name}": float(optimizer.learning_rate) for optimizer in inner
    }
