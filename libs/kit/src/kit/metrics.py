"""What Prometheus is told. Names are stable: dashboards and alerts use them."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram, start_http_server

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)

REQUESTS = Histogram("comanda_rpc_seconds", "Time to answer a call.", ["method", "code"], buckets=SECONDS)
REPLAYS = Counter("comanda_idempotency_replays", "Calls answered from an earlier one's answer.", ["method"])
OUTBOX_LAG = Gauge("comanda_outbox_lag_seconds", "Age of the oldest message that waits to be published.", ["service"])
BATCH_SIZE = Histogram(
    "comanda_batch_messages", "Messages handled in one transaction.", ["service", "handler"], buckets=SIZES
)
PENDING = Gauge("comanda_consumer_pending", "Messages that wait for a handler or are in hand.", ["service", "handler"])
DUPLICATES = Counter("comanda_inbox_duplicates", "Messages that had been handled before.", ["service", "handler"])
FAILURES = Counter("comanda_message_failures", "Attempts at a message that failed.", ["service", "handler"])
DEAD_LETTERS = Counter(
    "comanda_dead_letters", "Messages given up until an operator replays them.", ["service", "handler"]
)


@cache
def requests(method: str, code: str) -> Histogram:
    """Returns where the calls of a method that end with a code are counted; every call asks."""
    return REQUESTS.labels(method, code)


def expose(listen: str) -> None:
    """Serves the Prometheus page at host:port from a thread of its own; does nothing when listen is empty."""
    if listen:
        host, _, port = listen.rpartition(":")
        start_http_server(int(port), host)
