"""What Prometheus is told of the calls."""

from prometheus_client import Counter

CALLS = Counter("comanda_omie_calls", "Calls of Omie's API, by what became of them.", ["method", "kind"])
