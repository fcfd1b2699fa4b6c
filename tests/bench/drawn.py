"""Where the lines of a figure that matplotlib made really stand."""

from __future__ import annotations

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike


def xs(line: Line2D) -> list[float]:
    return _figures(line.get_xdata())


def ys(line: Line2D) -> list[float]:
    return _figures(line.get_ydata())


def _figures(data: ArrayLike) -> list[float]:
    return [float(figure) for figure in np.asarray(data, dtype=np.float64)]
