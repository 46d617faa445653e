"""Who waits hears of what happens in any process of the service."""

from nats.aio.client import Client

from kit import signals, streams
from kit.signals import Signals
from kit.testing import eventually


async def test_a_signal_reaches_who_waits_here_and_in_another_process(nats: Client, nats_url: str) -> None:
    other = await streams.connect(nats_url, "test")
    here, there = Signals(nats, "test.signals"), Signals(other, "test.signals")
    await there.listen()
    with here.expect("a") as one, there.expect("a") as two:
        here.tell(["a"])
        assert await one.wait(0)
        assert not await one.wait(0)

        async def heard() -> bool:
            here.tell(["a"])  # again, until the subscription has reached the server
            return await two.wait(0.1)

        await eventually(heard)
    await other.close()


async def test_what_is_foreseen_is_so_until_it_is_signalled_from_anywhere(nats: Client, nats_url: str) -> None:
    other = await streams.connect(nats_url, "test")
    here, there = Signals(nats, "test.foreseen"), Signals(other, "test.foreseen")
    await here.listen()
    here.foresee("a")
    here.foresee("b")

    async def come() -> bool:
        there.tell(["a"])  # again, until the subscription has reached the server
        return not here.foreseen("a")

    await eventually(come)
    assert here.foreseen("b")
    assert not there.foreseen("b")
    await other.close()


async def test_what_is_never_signalled_is_forgotten_some_time(nats: Client) -> None:
    here = Signals(nats, "test.forgotten")
    for number in range(signals.MOST_FORESEEN + 1):
        here.foresee(str(number))
    assert (here.foreseen("0"), here.foreseen("1")) == (False, True)
