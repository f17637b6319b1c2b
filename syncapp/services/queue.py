"""The queue as django-q2 sees it: how long it is, and whether anybody takes what waits there."""

from django_q.brokers import get_broker
from django_q.status import Stat


def worker_is_running() -> bool:
    """Whether a cluster gave a sign of life in the last seconds."""
    return workers_alive() > 0


def workers_alive() -> int:
    """Count the clusters that gave a sign of life in the last seconds (django-q2 keeps one for 3 s)."""
    return len(Stat.get_all())


def queue_length() -> int:
    """Count the tasks that wait for a worker; those that one has taken are not among them."""
    return int(get_broker().queue_size())
