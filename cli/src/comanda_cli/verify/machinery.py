"""What must be true of the machinery that every service has."""

from comanda_cli.fleet.services import SERVICES
from comanda_cli.verify.check import Check, rows_check

# After so many attempts a message is given up (kit.consumer.ATTEMPTS, which costs too much to import).
ATTEMPTS = 5


def _checks(database: str) -> tuple[Check, ...]:
    return (
        rows_check(
            "nothing is stuck in the outbox",
            database,
            count="select count(*) from outbox",
            wrong="""
                select business_id, id, subject, aggregate, created_at from outbox
                where created_at < now() - interval '5 seconds' order by position
            """,
            explanation=f"It was committed and not published: is NATS up? See `comanda status` and `comanda logs {database}`.",
            settles=True,
        ),
        rows_check(
            "no message was given up",
            database,
            count="select count(*) from inbox",
            wrong=f"""
                select business_id, consumer, message_id, attempts, last_error from dead_letters
                where attempts >= {ATTEMPTS} order by failed_at
            """,
            explanation="Its handler failed again and again. Mend the cause, then `comanda dead-letters replay MESSAGE_ID`.",
        ),
    )


CHECKS = tuple(check for service in SERVICES for check in _checks(service.name))
