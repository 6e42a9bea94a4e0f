"""Lists and queues of tensors that are refilled, in every way that one may think of."""

from __future__ import annotations

from collections import deque

import torch

ROWS = torch.linspace(-1, 1, 12).reshape(4, 3)


class Chunks:
    """Predicts four rows from a reading."""

    def __init__(self):
        self.queue = []
        self.last = torch.zeros(4, 3)

    def chunk(self, x):
        return torch.tanh(x + ROWS)


class FromTheEnd(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        return self.queue.pop()


class ShorterThanAChunk(Chunks):
    def __init__(self):
        super().__init__()
        self.queue = deque(maxlen=3)

    def step(self, x):
        if len(self.queue) == 0:
            self.queue.extend(self.chunk(x))
        return self.queue.popleft()


class RefilledEarly(Chunks):
    def step(self, x):
        if len(self.queue) < 2:
            self.queue = list(self.chunk(x))
        return self.queue.pop(0)


class Appended(Chunks):
    def __init__(self):
        super().__init__()
        self.queue = deque()

    def step(self, x):
        if not len(self.queue):
            for row in self.chunk(x):
                self.queue.append(row * 2)
        return self.queue.popleft()


class EmptiedByAReading(Chunks):
    def step(self, x):
        if x[0] > 1:
            self.queue.clear()
        if not self.queue:
            self.queue = list(self.chunk(x))
        return self.queue.pop(0)


class ReplacedByAReading(Chunks):
    def step(self, x):
        if x[0] > 1:
            self.queue = []
        if len(self.queue) == 0:
            self.queue.extend(self.chunk(x))
        return self.queue.pop(0)


class TakenIsWritten(Chunks):
    def step(self, x):
        if not self.queue:
            self.last = self.chunk(x)
            self.queue = list(self.last)
        row = self.queue.pop(0)
        row.mul_(0.5)
        return row + self.last.sum()


class ChunkIsWrittenLater(Chunks):
    def step(self, x):
        if not self.queue:
            self.last = self.chunk(x)
            self.queue = list(self.last)
        self.last += 0.1
        return self.queue.pop(0)


class TwoQueues(Chunks):
    def __init__(self):
        super().__init__()
        self.other = deque()

    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        if len(self.other) == 0:
            self.other.extend(self.chunk(x)[:3])
        return self.queue.pop(0) + 10 * self.other.popleft()


class ByKey(Chunks):
    def __init__(self):
        super().__init__()
        self.queues = {"arm": deque(), "leg": deque()}

    def step(self, x):
        made = []
        for key in ("arm", "leg"):
            if len(self.queues[key]) == 0:
                self.queues[key].extend(self.chunk(x)[: 4 if key == "arm" else 3])
            made.append(self.queues[key].popleft())
        return made[0] + 10 * made[1]


class UnderAnotherName(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        queue = self.queue
        return queue.pop(0)


class TakenUnderAnotherName(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        row = self.queue.pop(0)
        also = self.queue
        if len(also) == 2:
            also.pop(0)
        return row


class SharedByTwoAttributes(Chunks):
    def __init__(self):
        super().__init__()
        self.queue = deque()
        self.same = self.queue

    def step(self, x):
        if not self.queue:
            self.queue.extend(self.chunk(x))
        if x[1] > 1 and self.same:
            self.same.popleft()
        if not self.queue:
            self.queue.extend(self.chunk(x))
        return self.queue.popleft()


class Peeked(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        return self.queue[-1] + self.queue.pop(0)


class Stacked(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        mean = torch.stack(self.queue).mean(0)
        return mean + self.queue.pop(0)


class Measured(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        return self.queue.pop(0) * len(self.queue)


class FullAtFirst(Chunks):
    def __init__(self):
        super().__init__()
        self.queue = [torch.zeros(3), torch.ones(3)]

    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        return self.queue.pop(0)


class OtherWay(Chunks):
    def step(self, x):
        if self.queue:
            return self.queue.pop(0)
        chunk = self.chunk(x)
        self.queue = list(chunk[1:])
        return chunk[0]


class InAHelper(Chunks):
    def refill(self, x):
        self.queue.extend(self.chunk(x))

    def take(self):
        return self.queue.pop(0)

    def step(self, x):
        if not self.queue:
            self.refill(x)
        return self.take()


class Numbers(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = self.chunk(x)[:, 0].tolist()
        return x * self.queue.pop(0)


class LongerAndLonger(Chunks):
    def __init__(self):
        super().__init__()
        self.size = 1

    def step(self, x):
        if not self.queue:
            self.size = min(self.size + 1, 4)
            self.queue = list(self.chunk(x)[: self.size])
        return self.queue.pop(0)


class TwoAtOnce(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        return self.queue.pop(0) - 3 * self.queue.pop(0)


class TakenByAReading(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        row = self.queue.pop(0)
        if x[0] > 0 and self.queue:
            row = self.queue.pop(0)
        return row


class PutBack(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        row = self.queue.pop(0)
        if x[0] > 1.5:
            self.queue.append(row)
        return row


class OfAClass(Chunks):
    class Plan(deque):
        """Counts what is taken."""

        taken = 0

        def popleft(self):
            self.taken += 1
            return super().popleft() * self.taken

    def __init__(self):
        super().__init__()
        self.queue = self.Plan()

    def step(self, x):
        if not self.queue:
            self.queue.extend(self.chunk(x))
        return self.queue.popleft()


class HandedOut(Chunks):
    def plan(self):
        return self.queue

    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
        plan = self.plan()
        return self.queue.pop(0) + (plan[0] if plan else x)


class Reversed(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
            self.queue.reverse()
        return self.queue.pop()


class InsertedAhead(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue = list(self.chunk(x))
            self.queue.insert(0, x)
        return self.queue.pop(0)


class AddedTo(Chunks):
    def step(self, x):
        if not self.queue:
            self.queue += list(self.chunk(x))
        return self.queue.pop(0)


class RecedingHorizon(Chunks):
    def step(self, x):
        if len(self.queue) == 0:
            self.last = 0.5 * self.last + self.chunk(x)
            self.queue = list(self.last[:2])
        return self.queue.pop(0)


ATTACKS = [
    value
    for value in list(globals().values())
    if isinstance(value, type) and hasattr(value, "step") and value.__module__ == __name__
]
