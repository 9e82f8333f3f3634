"""A peer: the router's job on panoramisk's FastAGI server, with redis.asyncio and the floor's keys.

``python -m loadtest.bench.panoramisk_peer PORT STORE_PORT``
"""

import asyncio
import sys
import time

from panoramisk.fast_agi import Application, Request
from redis.asyncio import Redis

_REPEAT_WINDOW = 72 * 3600


def _queue(queue: str, priority: int, rule: str, segment: str) -> str:
    return (
        f'EXEC MSet "IVR_ACTION=queue,IVR_QUEUE={queue},IVR_PRIORITY={priority},QUEUE_PRIO={priority},'
        f"IVR_OVERFLOW=45:general:40,IVR_HOTLINE=10010,IVR_RULE={rule},IVR_SEGMENT={segment},"
        'IVR_POLICY=0123456789ab,IVR_OK=1"'
    )


_EXPERT = _queue("expert", 30, "repeat-to-expert", "repeat")
_VIP = _queue("vip", 20, "vip-direct", "vip")
_ELDER_CARE = _queue("elder-care", 20, "senior-direct", "senior")
_TRUCK = _queue("truck", 10, "truck-direct", "truck_driver")
_MENU = (
    'EXEC MSet "IVR_ACTION=menu,IVR_MENU=main,IVR_HOTLINE=10010,IVR_RULE=everyone-else,IVR_SEGMENT=,'
    'IVR_POLICY=0123456789ab,IVR_OK=1"'
)


def decide(customer: list[str | None], contacts: list[str]) -> str:
    """Choose the command for a caller: ``customer`` is age, occupation, star, key_customer."""
    since = time.time() - _REPEAT_WINDOW
    answered = (contact for contact in contacts if contact.endswith(":answered"))
    if sum(int(contact.partition(":")[0]) >= since for contact in answered) >= 2:
        return _EXPERT
    age, occupation, star, key_customer = customer
    if int(star or 0) >= 5 or key_customer == "true":
        return _VIP
    if int(age or 0) >= 65:
        return _ELDER_CARE
    return _TRUCK if occupation == "truck_driver" else _MENU


async def serve(port: int, store_port: int) -> None:
    """Serve the script ``route`` until cancelled."""
    store = Redis(port=store_port, decode_responses=True)

    async def route(request: Request) -> None:
        number = request.headers["agi_callerid"]
        async with store.pipeline(transaction=False) as question:
            question.hmget(f"floor:customer:{number}", "age", "occupation", "star", "key_customer")
            question.lrange(f"floor:contacts:{number}", 0, 63)
            customer, contacts = await question.execute()
        await request.send_command(decide(customer, contacts))

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("route", route)
    server = await asyncio.start_server(application.handler, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
