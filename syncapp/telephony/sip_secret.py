"""SIP secrets: strong ones for new people, and whether a stored one keeps the box from taking any change."""

import secrets
import string

_LENGTH = 24
_SIGNS = string.ascii_letters + string.digits
# Letters of other alphabets are signs like all others there.
_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_LONGEST, _SHORTEST, _FAIR = 64, 5, 60
_RUNS = ("qwerty", "asdfgh", "zxcvbn", "12345", "23456", "34567", "45678", "56789", "abcde", "bcdef", "cdefg", "defgh")


def new_secret() -> str:
    """Return a secret that the box finds strong: letters of both sizes and digits, of which no filter takes offence."""
    while True:
        made = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
        if all(any(sign in kind for sign in made) for kind in _KINDS) and not is_weak(made):
            return made


def is_unfit(secret: str) -> bool:
    """Whether the box would refuse a secret, or keep another one: it trims them, and takes some for addresses or tags."""
    kept_otherwise = not secret.isprintable() or any(sign in secret for sign in " <>") or secret.startswith("http")
    return kept_otherwise or is_weak(secret)


def is_weak(secret: str) -> bool:
    """Whether the box would refuse it, and with it every change of the person who has it.

    By the box's own measure; its word list of common ones is not known here.
    """
    length = len(secret.encode())
    return not _SHORTEST <= length <= _LONGEST or _score(secret, length) < _FAIR


def _score(secret: str, length: int) -> int:
    kinds = sum(any(sign in kind for sign in secret) for kind in _KINDS) + any(sign not in _SIGNS for sign in secret)
    share = len(set(secret)) / len(secret)
    points = next((each for least, each in ((16, 30), (12, 20), (8, 10)) if length >= least), length)
    points += 10 * kinds + next((each for least, each in ((0.7, 20), (0.5, 15), (0.3, 10)) if share > least), 5)
    points += 10 if kinds >= 3 and length >= 12 else 0
    points -= 10 if any(secret[place] * 3 == secret[place : place + 3] for place in range(len(secret) - 2)) else 0
    points -= 10 if any(run in secret.lower() or run[::-1] in secret.lower() for run in _RUNS) else 0
    return points - (15 if secret.isalpha() and length < 10 else 0)
