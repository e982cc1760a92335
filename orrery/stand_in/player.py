"""Plays a recording to everybody who listens, by one clock that starts with the first subscription.

A client that comes late, or comes back, sees what is going on at that moment, as at a real venue. Frames go out at
deadlines counted from the start, so waiting never adds up to a drift; what is overdue goes out in batches.
"""

import asyncio

from orrery.stand_in.clients import Client, fragmented, text_frame
from orrery.stand_in.faults import Fault, FaultKind, FaultPlan
from orrery.stand_in.tape import Tape, TapeFrame

FRAMES_PER_TURN = 256
"""Overdue frames sent before the other tasks get their turn."""
SERVICE_RESTART = 1012
_NS_PER_S, _NS_PER_MS = 1_000_000_000, 1_000_000
_GARBAGE = b'{"stream":"btcusdt@trade","data":{"e":"tra'
_CORRUPT = b"\xff\xff this is no WebSocket frame"


class Player:
    """One run of the recording after another. `sent` counts messages to clients, `played` frames of the recording."""

    def __init__(self, tape: Tape, plan: FaultPlan, speed: float) -> None:
        self._tape = tape
        self._plan = plan
        self._speed = speed
        self._held: dict[str, TapeFrame] = {}
        self._position_ns = tape.first_ns
        self.clients: dict[int, Client] = {}
        self.subscribed = asyncio.Event()
        self.played = 0
        self.sent = 0

    def now_ms(self) -> int:
        """Return the venue's time: that of the frame played last."""
        return self._position_ns // _NS_PER_MS

    async def play(self) -> None:
        """Wait for the first subscription, then play the recording once."""
        await self.subscribed.wait()
        loop = asyncio.get_running_loop()
        began_s, in_turn = loop.time(), 0
        for frame in self._tape.frames():
            in_turn += 1
            wait_s = began_s + self._offset_s(frame) - loop.time()
            if wait_s > 0 or in_turn >= FRAMES_PER_TURN:
                await self.flush()
                await asyncio.sleep(max(0.0, wait_s))
                in_turn = 0
            self._position_ns = frame.at_ns
            self.played += 1
            self._tape.books.see(frame.data)
            await self._deliver(frame)
        for held in self._held.values():
            self._send(held)
        self._held.clear()
        await self.flush()

    async def rewind(self) -> None:
        """Send everybody away and start anew: update numbers and times go back, which no client could follow."""
        await self._close_all(SERVICE_RESTART)
        self.subscribed.clear()
        self._tape.rewound_books()
        self._position_ns = self._tape.first_ns

    async def flush(self) -> None:
        """Write what is gathered for the clients."""
        for client in list(self.clients.values()):
            await client.flush()

    def _offset_s(self, frame: TapeFrame) -> float:
        if not self._speed:
            return 0.0
        return max(0, frame.at_ns - self._tape.first_ns) / _NS_PER_S / self._speed

    async def _deliver(self, frame: TapeFrame) -> None:
        faults = self._plan.take(frame.number, frame.key.partition("@")[2])
        for fault in faults:
            await self._go_wrong(fault)
        kinds = {fault.kind for fault in faults}
        if FaultKind.REORDER in kinds:
            self._held[frame.key] = frame
        elif FaultKind.SKIP not in kinds:
            self._send(frame, in_fragments=FaultKind.FRAGMENT in kinds)
            if FaultKind.DUPLICATE in kinds:
                self._send(frame)
            if self._held and frame.key in self._held:
                self._send(self._held.pop(frame.key))

    def _send(self, frame: TapeFrame, *, in_fragments: bool = False) -> None:
        for client in self.clients.values():
            payload = client.subscriptions.text(frame)
            if payload is not None:
                client.put(fragmented(payload) if in_fragments else text_frame(payload))
                self.sent += 1

    async def _go_wrong(self, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.DROP:
                await self.flush()
                for client in self.clients.values():
                    client.drop()
            case FaultKind.CLOSE:
                await self.flush()
                await self._close_all(int(fault.number))
            case FaultKind.STALL:
                await self._stall(fault.number)
            case FaultKind.GARBAGE:
                self._put(text_frame(_GARBAGE))
            case FaultKind.CORRUPT:
                self._put(_CORRUPT)
            case FaultKind.HUGE:
                self._put(text_frame(b"x" * int(fault.number)))
            case _:
                pass  # The others concern the frame itself, or REST.

    async def _stall(self, seconds: float) -> None:
        await self.flush()
        stalled = list(self.clients.values())
        for client in stalled:
            client.read(go_on=False)
        await asyncio.sleep(seconds)
        for client in stalled:
            client.read(go_on=True)

    async def _close_all(self, code: int) -> None:
        await asyncio.gather(*(client.connection.close(code) for client in self.clients.values()))

    def _put(self, wire_bytes: bytes) -> None:
        for client in self.clients.values():
            client.put(wire_bytes)
