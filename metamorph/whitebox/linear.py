"""A linear model as its own numbers: coefficients, intercept, and what it makes of their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from metamorph.whitebox.ensemble import Numbers, Unreadable

if TYPE_CHECKING:
    from metamorph.expectations import Wants
    from metamorph.outputs import Output

BINARY = 2
LINEAR = ("sklearn.linear_model", "sklearn.svm")
"""Where scikit-learn keeps its linear models; support vector machines with kernels have no usable ``coef_``."""
EXPONENTIAL = ("PoissonRegressor", "GammaRegressor")
PLAIN_GLM = "TweedieRegressor"
FROM_KERNEL = ("SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM")


@attrs.frozen(eq=False)
class Linear:
    """An output that rises with ``coefficients @ features + intercept``; ``coefficients`` has shape ``(features,)``.

    ``slope`` is the most that the output changes for each unit of the sum (None: without bound), ``eps`` the relative
    rounding of the numbers that it is added up in.
    """

    coefficients: Numbers
    intercept: float
    link: Literal["identity", "sigmoid", "exp", "label"]
    slope: float | None
    eps: float

    def rounding(self, largest: Numbers) -> float:
        """How far a computed sum may be from the exact one, for features of these absolute sizes at most.

        Higham, "Accuracy and Stability of Numerical Algorithms" (2002), section 3.1, with the order of addition left
        open.
        """
        terms = float(np.abs(self.coefficients) @ largest) + abs(self.intercept)
        return 2 * (len(self.coefficients) + 2) * self.eps * terms


def is_linear(estimator: Any) -> bool:
    """Whether a fitted model is one of scikit-learn's linear ones."""
    name, module = type(estimator).__name__, type(estimator).__module__
    return module.startswith(LINEAR) and name not in FROM_KERNEL and hasattr(estimator, "coef_")


def read_linear(estimator: Any, output: Output, wants: Wants) -> Linear:
    """The linear form behind an output of a fitted scikit-learn model; Unreadable, with the reason, where it has none.

    Two classes or one target. For the first of two classes the signs are turned.
    """
    name = type(estimator).__name__
    if not is_linear(estimator):
        msg = f"{name} is no linear model that can be read"
        raise Unreadable(msg)
    coefficients = np.asarray(estimator.coef_)
    if coefficients.ndim == BINARY and len(coefficients) > 1:
        msg = f"{name} has {len(coefficients)} sums, of which no single one decides"
        raise Unreadable(msg)
    eps = float(np.finfo(coefficients.dtype).eps) if coefficients.dtype.kind == "f" else float(np.finfo(float).eps)
    intercept = float(np.ravel(np.asarray(estimator.intercept_, dtype="float64"))[0])
    link, slope, sign = _link(estimator, output, wants)
    return Linear(sign * np.ravel(coefficients).astype("float64"), sign * intercept, link, slope, eps)


def _link(
    estimator: Any, output: Output, wants: Wants
) -> tuple[Literal["identity", "sigmoid", "exp", "label"], float | None, int]:
    """What an output is of the sum: the link, its largest slope, and the sign that makes it rise with the sum."""
    name, classes = type(estimator).__name__, getattr(estimator, "classes_", None)
    if classes is None:
        if output.kind not in {"default", "scores"}:
            msg = f"{output.kind} of {name} is no linear output"
            raise Unreadable(msg)
        if name in EXPONENTIAL or (name == PLAIN_GLM and not _is_identity(estimator)):
            return "exp", None, 1
        return "identity", 1.0, 1
    labels = list(np.asarray(classes).tolist())
    if output.kind == "label" or (output.kind == "default" and wants == "any"):
        rising = wants == "any" or labels == sorted(labels)
        return "label", None, 1 if rising else -1
    if output.kind == "decision" or (output.kind == "default" and not hasattr(estimator, "predict_proba")):
        return "identity", 1.0, 1
    if output.kind == "default" or (output.kind == "probability" and output.of_class in labels):
        of_class = labels[1] if output.kind == "default" else output.of_class
        # half of it where the probability is the logistic function of the sum; a softmax of -sum and sum is steeper
        return "sigmoid", 0.5, 1 if labels.index(of_class) else -1
    msg = f"{output.kind} of {name} is no function of its sum alone"
    raise Unreadable(msg)


def _is_identity(estimator: Any) -> bool:
    """Whether a Tweedie regressor predicts its sum as it is."""
    link = estimator.link
    return bool(link == "identity" or (link == "auto" and estimator.power <= 0))
