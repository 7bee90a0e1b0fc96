"""torch by hand: the shortest training loop a torch user writes, also with the fused optimizer and torch.compile."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import cases
import torch
from peers.timing import batched, once, per_call
from torch import nn


class TwoInputs(nn.Module):
    def __init__(self, case: cases.Case) -> None:
        super().__init__()
        self.shared = nn.Linear(case.sizes[0], case.sizes[1])
        self.heads = nn.ModuleList(nn.Linear(2 * case.sizes[1], case.sizes[-1]) for _ in range(2))

    def forward(self, left: Any, right: Any) -> Any:
        joined = torch.cat([torch.relu(self.shared(left)), torch.relu(self.shared(right))], dim=1)
        return [head(joined) for head in self.heads]


def network(case: cases.Case) -> nn.Module:
    """The case's network; classifiers return logits."""
    if case.network:
        return cases.network(case).torch_network(case)
    if case.has_two_inputs:
        return TwoInputs(case)
    if case.image:
        return images(case)
    layers: list[nn.Module] = []
    for before, after in zip(case.sizes[:-2], case.sizes[1:-1], strict=True):
        layers += [nn.Linear(before, after), nn.ReLU()]
        if case.dropout:
            layers.append(nn.Dropout(case.dropout))
    return nn.Sequential(*layers, nn.Linear(case.sizes[-2], case.sizes[-1]))


def images(case: cases.Case) -> nn.Module:
    """A convolutional network; torch keeps the channels before the places."""
    layers: list[nn.Module] = []
    channels = case.image[-1]
    for kind, *options in case.blocks:
        if kind == "conv":
            filters, padding, has_normalization = options
            layers.append(nn.Conv2d(channels, filters, 3, padding=padding))
            layers += [nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)] if has_normalization else []
            layers.append(nn.ReLU())
            channels = filters
        else:
            layers += {"pool": [nn.MaxPool2d(2)], "flatten": [nn.Flatten()], "mean": [nn.AdaptiveAvgPool2d(1), nn.Flatten()]}[kind]
    if case.dropout:
        layers.append(nn.Dropout(case.dropout))
    height, width, depth = case.image
    with torch.no_grad():
        found = nn.Sequential(*layers)(torch.zeros(2, depth, height, width)).shape[1]
    return nn.Sequential(*layers, nn.Linear(found, case.sizes[-1]))


def optimizer(case: cases.Case, model: nn.Module, fused: bool) -> Any:
    if case.optimizer == "rmsprop":
        return torch.optim.RMSprop(model.parameters(), lr=case.learning_rate, alpha=0.9, eps=1e-7)
    if case.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=case.learning_rate, fused=fused or None)
    return torch.optim.Adam(model.parameters(), lr=case.learning_rate, eps=1e-7, fused=fused or None)


def as_torch(case: cases.Case, x: Any) -> torch.Tensor:
    """An input as torch likes it best: images with the channels first."""
    x = torch.from_numpy(x)
    return x.permute(0, 3, 1, 2).contiguous() if case.image else x


def training(case: cases.Case, options: argparse.Namespace) -> Callable[[], float]:
    """See `peers`."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    torch.compiler.reset()
    model = network(case)
    x, y = cases.data(case)
    xs = [as_torch(case, part) for part in (x if isinstance(x, list) else [x])]
    if options.peer == "torch-channels-last":
        xs = [part.contiguous(memory_format=torch.channels_last) for part in xs]
        model = model.to(memory_format=torch.channels_last)
    ys = [torch.from_numpy(part) for part in (y if isinstance(y, list) else [y])]
    ys = [part.long() for part in ys] if case.is_classifier else ys
    criterion = nn.CrossEntropyLoss() if case.is_classifier else nn.MSELoss()
    stepper = optimizer(case, model, options.peer != "torch")
    forward = torch.compile(model) if options.peer == "torch-compile" else model

    def epoch() -> None:
        order = torch.randperm(case.samples)
        total = torch.zeros(())
        for i in range(0, case.samples, case.batch_size):
            places = order[i : i + case.batch_size]
            outputs = forward(*(part[places] for part in xs))
            outputs = outputs if isinstance(outputs, list) else [outputs]
            loss = sum(criterion(output, part[places]) for output, part in zip(outputs, ys, strict=True))
            stepper.zero_grad()
            loss.backward()
            stepper.step()
            total += loss.detach()
        total.item()

    def fit() -> None:
        for _ in range(case.epochs):
            epoch()

    return lambda: once(fit, case.steps)


def answering(case: cases.Case) -> nn.Module:
    """The case's network for inference; classifiers return probabilities."""
    torch.manual_seed(0)
    model = network(case).eval()
    return nn.Sequential(model, nn.Softmax(dim=-1)) if case.is_classifier else model


def inference(case: cases.Case, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """See `peers`."""
    torch.set_num_threads(options.threads)
    torch.compiler.reset()
    model = answering(case)
    x = as_torch(case, cases.data(case, case.questions)[0])
    if options.peer == "torch-channels-last":
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    model = torch.compile(model) if options.peer == "torch-compile" else model

    def batches() -> None:
        with torch.inference_mode():
            torch.cat(batched(model, x, cases.BATCH)).numpy()

    def one() -> None:
        with torch.inference_mode():
            model(x[:1])

    return {"call": lambda: per_call(one), "batches": lambda: once(batches)}
