"""integer nanosecond clock, seconds by * 1e-9, timeouts"""

SHAPE = (2,)


class V:
    def __init__(self):
        self.ns = 1_700_000_000_000_000_000
        self.t0 = self.ns

    def step(self, obs):
        self.ns += 20_000_000
        t = (self.ns - self.t0) * 1e-9
        if t > 0.3:
            self.t0 = self.ns
        return obs * t


def make():
    return V()
