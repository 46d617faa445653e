"""What Prometheus is told of the gateway."""

from prometheus_client import Histogram

from kit.metrics import SECONDS

REQUESTS = Histogram(
    "comanda_http_seconds", "Time to answer a request.", ["method", "route", "status"], buckets=SECONDS
)
