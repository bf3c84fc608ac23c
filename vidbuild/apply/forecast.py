"""How long a render will take, learned from those that are finished.

Seconds of rendering are taken to go with the seconds of video to some power, spread around
that by a factor: two numbers and a spread, fitted anew with each render that ends. Where
lengths say nothing, or nobody knows them, the power comes out as none and only the spread of
the finished ones is left. Numbers in, numbers out: nothing here waits or asks anybody.
"""

from __future__ import annotations

from math import exp, log, sqrt

ENOUGH = 3  # renders from which on the forecast is worth more than a guess
_GUESS = log(60.0)
_WIDE = 1.5  # the spread of the guess: a factor of four and a half either way
_SHORTEST = 0.05  # a render takes some time, whatever the server's clock says
_NARROWEST = 0.02  # servers tell times in whole seconds
_SLOPE = 0.5  # how much is to be said against the power of one
_SPREAD = 2.0  # and how much against a spread of a half
# Student's t with eight degrees of freedom: of its tail, a render that is very late says
# that it is a strange one and not that it will end any moment.
_DEGREES = 8
_FITTED = sqrt((_DEGREES - 2) / _DEGREES)


class Forecast:
    """Sums over finished renders, and what follows from them for the next."""

    def __init__(self) -> None:
        self.known = 0
        self._x = self._y = self._xx = self._xy = self._yy = 0.0
        self._mean_x, self._mean_y = 0.0, _GUESS
        self._slope, self._spread = 1.0, _WIDE

    def learn(self, length: float | None, took: float) -> None:
        """A render of `length` seconds of video (None: not known before) took so long."""
        x = log(length) if length else self._mean_x
        y = log(max(took, _SHORTEST))
        self.known += 1
        self._x += x
        self._y += y
        self._xx += x * x
        self._xy += x * y
        self._yy += y * y
        self._fit()

    def expected(self, length: float | None) -> float:
        """Seconds that half of such renders take at most."""
        return exp(self._middle(length))

    def late(self, length: float | None, age: float) -> float:
        """The share of such renders that take longer than `age` seconds; never quite none."""
        if age <= _SHORTEST:
            return 1.0
        z = (log(age) - self._middle(length)) / (self._spread * _FITTED)
        return max(_beyond(z), 1e-12)

    def _middle(self, length: float | None) -> float:
        x = log(length) if length and self.known else self._mean_x
        return self._mean_y + self._slope * (x - self._mean_x)

    def _fit(self) -> None:
        """Least squares, with a little said beforehand for what few renders cannot tell."""
        count = self.known
        self._mean_x, self._mean_y = self._x / count, self._y / count
        xx = max(self._xx - count * self._mean_x**2, 0.0)
        xy = self._xy - count * self._mean_x * self._mean_y
        yy = max(self._yy - count * self._mean_y**2, 0.0)
        self._slope = slope = (xy + _SLOPE) / (xx + _SLOPE)
        off = max(yy - 2 * slope * xy + slope * slope * xx, 0.0)
        said = _SPREAD if count < 50 else 0.0
        variance = (off + said * 0.25) / (count + said) * (1 + 1 / count)
        self._spread = max(sqrt(variance), _NARROWEST)


def _beyond(z: float) -> float:
    """One minus the distribution function of Student's t, closed for an even number of degrees."""
    rest = _DEGREES / (_DEGREES + z * z)
    series = 1.0 + rest * (0.5 + rest * (0.375 + rest * 0.3125))
    return 0.5 - 0.5 * z / sqrt(_DEGREES + z * z) * series
