"""What every service removes from its machinery's tables when it has had its time."""

from kit.db import Database, Tx

TIDY_SECONDS = 300.0
TIDY = (
    "delete from inbox where received_at < now() - interval '30 days'",
    "delete from idempotency_keys where expires_at < now()",
)


async def tidy(database: Database) -> bool:
    """Removes rows that have had their time; every service sweeps with it."""

    async def remove(tx: Tx, _: object) -> None:
        for statement in TIDY:
            await tx.connection.execute(statement)

    await database.run(remove)
    return False
