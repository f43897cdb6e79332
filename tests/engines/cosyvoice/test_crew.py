"""Who runs a graph when there are more runs than processors."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from wyoming_cosyvoice.engines.cosyvoice.crew import DECODER, Rank, Seats, Standing
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError

PATIENCE = 10.0


@dataclass(eq=False)
class Waiter:
    """Takes a seat in a thread of its own, and leaves it when told to."""

    seats: Seats
    rank: Rank
    count: int = 1
    cancelled: bool = False
    sits: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._sit)
        self._thread.start()

    def _sit(self) -> None:
        try:
            with self.seats.seat(self, self.count):
                self.sits.set()
                self.may_go.wait(PATIENCE)
        except CancelledError as error:
            self.error = error

    def goes(self) -> None:
        self.may_go.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true."""
    for _ in range(int(PATIENCE / 0.005)):
        if condition():
            return True
        threading.Event().wait(0.005)
    return False


def stays(condition: Callable[[], bool]) -> bool:
    """Whether it is still true after a while."""
    threading.Event().wait(0.1)
    return condition()


def test_there_are_as_many_seats_as_processors() -> None:
    seats = Seats(2)
    waiters = [Waiter(seats, (0, number)) for number in range(3)]
    assert soon(lambda: sum(waiter.sits.is_set() for waiter in waiters) == 2)
    assert stays(lambda: sum(waiter.sits.is_set() for waiter in waiters) == 2)
    sitting = [waiter for waiter in waiters if waiter.sits.is_set()]
    sitting[0].goes()
    assert soon(lambda: all(waiter.sits.is_set() for waiter in waiters))
    for waiter in waiters:
        waiter.goes()


def test_the_lowest_rank_goes_first_whoever_came_first() -> None:
    seats = Seats(1)
    sitting = Waiter(seats, (0, 0))
    assert sitting.sits.wait(PATIENCE)
    late, soon_heard = Waiter(seats, (2, 0)), Waiter(seats, (0, 1))
    sitting.goes()
    assert soon_heard.sits.wait(PATIENCE)
    assert not late.sits.is_set()
    soon_heard.goes()
    assert late.sits.wait(PATIENCE)
    late.goes()


def test_a_rank_that_changes_while_it_waits_counts() -> None:
    seats = Seats(1)
    sitting = Waiter(seats, (0, 0))
    assert sitting.sits.wait(PATIENCE)
    first, hurried = Waiter(seats, (2, 0)), Waiter(seats, (2, 1))
    assert stays(lambda: not first.sits.is_set())
    hurried.rank = (0, 1)
    sitting.goes()
    assert hurried.sits.wait(PATIENCE)
    assert not first.sits.is_set()
    hurried.goes()
    first.goes()


def test_who_needs_two_seats_is_not_overtaken_by_those_who_need_one() -> None:
    seats = Seats(2)
    sitting = Waiter(seats, (0, 0))
    assert sitting.sits.wait(PATIENCE)
    both = Waiter(seats, (1, 0), count=2)
    one = Waiter(seats, (2, 0))
    assert stays(lambda: not one.sits.is_set())
    sitting.goes()
    assert both.sits.wait(PATIENCE)
    assert not one.sits.is_set()
    both.goes()
    assert one.sits.wait(PATIENCE)
    one.goes()


def test_the_decoder_gives_way_to_the_urgent_and_to_nobody_else() -> None:
    seats = Seats(1)
    with seats.seat(DECODER):
        later = Waiter(seats, (2, 0))
        assert stays(lambda: not later.sits.is_set())
        seats.give_way(DECODER)
        assert not later.sits.is_set()
        urgent = Waiter(seats, (0, 5))
        assert stays(lambda: not urgent.sits.is_set())
        urgent.may_go.set()  # it leaves as soon as it has had its turn
        seats.give_way(DECODER)
        assert urgent.sits.is_set()
        assert not later.sits.is_set()
    assert later.sits.wait(PATIENCE)
    later.goes()
    urgent.goes()


def test_who_is_cancelled_stops_waiting_and_blocks_nobody() -> None:
    seats = Seats(1)
    sitting = Waiter(seats, (0, 0))
    assert sitting.sits.wait(PATIENCE)
    leaving, next_one = Waiter(seats, (0, 1)), Waiter(seats, (0, 2))
    leaving.cancelled = True
    assert soon(lambda: isinstance(leaving.error, CancelledError))
    sitting.goes()
    assert next_one.sits.wait(PATIENCE)
    next_one.goes()
    assert not leaving.sits.is_set()


def test_a_seat_is_left_when_the_run_fails() -> None:
    seats = Seats(1)
    with pytest.raises(ValueError, match="broken"), seats.seat(Standing((0, 0))):
        raise ValueError("broken")
    with seats.seat(Standing((0, 0))):
        pass
