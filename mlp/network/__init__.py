"""A multilayer perceptron to practise with: trained in place, recorded completely, breakable."""

from traindx.mlp.network.changes import Change, SpecError
from traindx.mlp.network.checking import GradientCheck, gradient_check
from traindx.mlp.network.network import MLP
from traindx.mlp.network.practice import train, trained
from traindx.mlp.network.spec import NetworkSpec, Training, TrainingSpec
from traindx.mlp.network.studies import (
    ActivationScales,
    GradientNorms,
    activation_scales,
    gradient_norms_by_depth,
    plot_activation_scales,
    plot_gradient_norms,
)

__all__ = [
    "MLP",
    "ActivationScales",
    "Change",
    "GradientCheck",
    "GradientNorms",
    "NetworkSpec",
    "SpecError",
    "Training",
    "TrainingSpec",
    "activation_scales",
    "gradient_check",
    "gradient_norms_by_depth",
    "plot_activation_scales",
    "plot_gradient_norms",
    "train",
    "trained",
]
