"""The class group of the imaginary quadratic field with the discriminant of 0x2::vdf.

Its elements are positive definite binary quadratic forms a x^2 + b xy + c y^2 with b^2 - 4ac the
discriminant, up to a change of variables; each has one reduced form. Nothing here is secret.
Source: Cohen, A Course in Computational Algebraic Number Theory, 5.2 to 5.4; hashing: Seres, Burcsi,
Kutas, How (not) to hash into class groups, eprint 2024/295.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from math import gcd, isqrt, prod
from typing import NamedTuple

from movelite.natives.crypto.chacha import chacha_words

DISCRIMINANT = -int(
    "408039010149020610206780175068555229142541252898371616145498556579556071683384500465920715250358093117663747"
    "842233562595469262886812641971405334041229985030060267380249325977183068659646880130431701571887235267494521"
    "588354601996162692814028667549369375739388147965760588898327961934790277078906195320786632574770886432731576"
    "900983919076571694301393570885405565824367690324568612575190999682497635430990877186904378464056735275767220"
    "374939982598325815668465278258060317022864017364086977362859261888935238582175391928170616986127692933068989"
    "267598626584604343238973704952184523076941769614063628803069888783021561314948513589714848789636864277476892"
    "006143022539236514829179664574047462877818568368289352177634285664313466877065670930840416618214987084937664"
    "959133826728114979407824040132322796707364126132779833942474017121948435510958833773074239119807312158946583"
    "3677609362668436116144203312494461735357918360857667357985711"
)
"""A negative prime, 1 modulo 8, of 3072 bits."""

_FACTORS = 32
"""Primes of which `hash_to_form` makes the first coefficient."""

_SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
_WITNESSES = (2, *_SMALL_PRIMES[:12])
_HASH_ROUNDS = 8
_WINDOW = 2


class Form(NamedTuple):
    """A form by its coefficients."""

    a: int
    b: int
    c: int

    @property
    def is_in_group(self) -> bool:
        """Whether it is positive definite and has the discriminant."""
        return self.a > 0 and self.b * self.b - 4 * self.a * self.c == DISCRIMINANT

    def at(self, x: int, y: int) -> int:
        """The value of the form."""
        return self.a * x * x + self.b * x * y + self.c * y * y


IDENTITY = Form(1, 1, (1 - DISCRIMINANT) // 4)


def reduced(form: Form) -> Form:
    """The equivalent form with |b| <= a <= c, and b >= 0 if two of these are equal."""
    a, b, c = form
    while True:
        turns = (a - b) // (2 * a)  # brings b into (-a, a]
        c += turns * (b + turns * a)
        b += 2 * turns * a
        if a < c or (a == c and b >= 0):
            return Form(a, b, c)
        a, b, c = c, -b, a


def compose(first: Form, second: Form) -> Form:
    """The product of two elements, reduced.

    With a1 prime to a2 and k = (b1 - b2) / (2 a2) modulo a1, the product is the second form in variables
    (r, t) with r = k t modulo a1, divided by a1. Two neighbours in the Euclidean algorithm of a1 and k are
    a basis of these, and those in the middle, where r and t are about equal, give an almost reduced form.
    """
    a1, b1, _ = _prime_to(first, second.a)
    a2, b2, c2 = second
    r, t = a1, 0
    next_r, next_t = pow(a2, -1, a1) * ((b1 - b2) // 2) % a1, 1
    sign = 1
    limit = isqrt(a1 * isqrt(c2 // a2 + 1))
    while next_r and r > limit:
        quotient, rest = divmod(r, next_r)
        r, next_r = next_r, rest
        t, next_t = next_t, t - quotient * next_t
        sign = -sign
    mixed = 2 * a2 * r * next_r + b2 * (r * next_t + next_r * t) + 2 * c2 * t * next_t
    return reduced(Form(second.at(r, t) // a1, sign * mixed // a1, second.at(next_r, next_t) // a1))


def _prime_to(form: Form, number: int) -> Form:
    """An equivalent form whose first coefficient has no factor in common with a number."""
    a, b, c = form
    if gcd(a, number) == 1:
        return form
    if gcd(c, number) == 1:
        return Form(c, -b, a)
    x, y = next((x, y) for x, y in _coprime_pairs() if gcd(form.at(x, y), number) == 1)
    w = pow(x, -1, y)
    z = (x * w - 1) // y
    return Form(form.at(x, y), 2 * a * x * z + b * (x * w + y * z) + 2 * c * y * w, form.at(z, w))


def _coprime_pairs() -> Iterator[tuple[int, int]]:
    """All of them that have a positive second number; a form's values at some are prime to any number."""
    for size in count(1):
        for y in range(1, size + 1):
            wanted = (size,) if y < size else range(size + 1)
            yield from ((sign * x, y) for x in wanted for sign in (1, -1) if gcd(x, y) == 1)


def multi_power(first: Form, exponent: int, second: Form, other: int) -> Form:
    """The product of two powers."""
    table = _products(first, second)
    result = IDENTITY
    length = max(exponent.bit_length(), other.bit_length())
    for shift in range(-(-length // _WINDOW) * _WINDOW - _WINDOW, -1, -_WINDOW):
        for _ in range(_WINDOW):
            result = compose(result, result)
        mask = (1 << _WINDOW) - 1
        digits = (exponent >> shift & mask, other >> shift & mask)
        if digits != (0, 0):
            result = compose(result, table[digits])
    return result


def _products(first: Form, second: Form) -> dict[tuple[int, int], Form]:
    table = {(0, 0): IDENTITY}
    for i in range(1 << _WINDOW):
        for j in range(1 << _WINDOW):
            if i:
                table[i, j] = compose(table[i - 1, j], first)
            elif j:
                table[0, j] = compose(table[0, j - 1], second)
    return table


# Hashing


def hash_to_form(message: bytes) -> Form:
    """A form whose first coefficient is a product of primes that the message's hash chooses."""
    bound = _root(isqrt(-DISCRIMINANT) >> 1, _FACTORS)
    numbers = _odd_numbers(message, bound)
    factors: list[int] = []
    while len(factors) < _FACTORS:
        number = next(numbers)
        if number not in factors and _is_splitting_prime(number):
            factors.append(number)
    a = prod(factors)
    b = _root_of_discriminant(factors)
    if b % 2 == 0:
        b -= a
    return Form(a, b, (b * b - DISCRIMINANT) // (4 * a))


def _root_of_discriminant(factors: list[int]) -> int:
    """A square root of the discriminant modulo a product of primes, of the size that fastcrypto gives it.

    Its last step joins the roots modulo the first two primes and the others, and does not reduce the result.
    """
    first, others = prod(factors[:2]), prod(factors[2:])
    root_of_first, root_of_others = (
        sum(
            square_root(DISCRIMINANT, factor) * (modulus // factor) * pow(modulus // factor, -1, factor)
            for factor in group
        )
        % modulus
        for group, modulus in ((factors[:2], first), (factors[2:], others))
    )
    times_first = pow(first, -1, others)
    if 2 * times_first > others:
        times_first -= others
    times_others = (1 - first * times_first) // others
    root = root_of_first * times_others * others + root_of_others * times_first * first
    return root if root >= 0 else root + first * others


def _root(number: int, degree: int) -> int:
    """The greatest integer whose power is not above a number."""
    low, high = 0, 1 << -(-number.bit_length() // degree)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle - 1)
    return low


def _odd_numbers(message: bytes, bound: int) -> Iterator[int]:
    """Odd numbers from 3, below the bound, as num-bigint draws them."""
    words = chacha_words(sha256(message).digest(), _HASH_ROUNDS)
    span = (bound >> 1) - 1
    length = span.bit_length()
    while True:
        drawn = [next(words) for _ in range(-(-length // 32))]
        if length % 32:
            drawn[-1] >>= 32 - length % 32
        number = sum(word << 32 * place for place, word in enumerate(drawn))
        if number < span:
            yield 2 * (number + 1) + 1


def _is_splitting_prime(number: int) -> bool:
    if any(number % prime == 0 for prime in _SMALL_PRIMES):
        return False
    return pow(DISCRIMINANT, (number - 1) // 2, number) == 1 and is_probable_prime(number)


def is_probable_prime(number: int) -> bool:
    """Whether an odd number above 41 is prime, by the test of Miller and Rabin; certain below 2^81."""
    shift = (number - 1 & 1 - number).bit_length() - 1
    odd = number - 1 >> shift
    for witness in _WITNESSES:
        power = pow(witness, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(shift - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def square_root(number: int, prime: int) -> int:
    """A square root modulo an odd prime of a number that has one: the one that fastcrypto takes.

    Source: Crandall and Pomerance, Prime Numbers, algorithm 2.3.8.
    """
    number %= prime
    match prime % 8:
        case 3 | 7:
            return pow(number, (prime + 1) // 4, prime)
        case 5:
            root = pow(number, (prime + 3) // 8, prime)
            other = root * pow(2, (prime - 1) // 4, prime) % prime
            return root if root * root % prime == number else other
        case _:
            return _square_root_by_steps(number, prime)


def _square_root_by_steps(number: int, prime: int) -> int:
    other = next(n for n in count(2) if pow(n, (prime - 1) // 2, prime) == prime - 1)
    shift = (prime - 1 & 1 - prime).bit_length() - 1
    odd = prime - 1 >> shift
    base, step = pow(number, odd, prime), pow(other, odd, prime)
    exponent = 0
    for bit in range(shift):
        if pow(base * pow(step, exponent, prime), 1 << shift - 1 - bit, prime) == prime - 1:
            exponent += 1 << bit
    return pow(number, (odd + 1) // 2, prime) * pow(step, exponent // 2, prime) % prime
