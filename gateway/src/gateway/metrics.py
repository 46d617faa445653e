"""What Prometheus is told of the gateway."""

from functools import cache

from prometheus_client import Histogram

from kit.metrics import SECONDS

REQUESTS = Histogram(
    "comanda_http_seconds", "Time to answer a request.", ["method", "route", "status"], buckets=SECONDS
)


@cache
def timer(method: str, route: str, status: int) -> Histogram:
    """Returns the histogram of one kind of answer; routes are templates, so there are only so many."""
    return REQUESTS.labels(method, route or "-", status)
