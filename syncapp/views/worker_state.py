"""Whether anybody takes what is queued."""

from django_q.status import Stat


def worker_is_running() -> bool:
    """Whether a cluster gave a sign of life in the last seconds (django-q2 keeps one for 3 s)."""
    return bool(Stat.get_all())
