"""if self.k in (3, 6, 9): pulses, wraps at 12"""

SHAPE = (2,)


class P:
    def __init__(self):
        self.k = 0

    def step(self, obs):
        pulse = self.k in (3, 6, 9)
        self.k += 1
        if self.k == 12:
            self.k = 0
        return obs + (1.0 if pulse else 0.0)


def make():
    return P()
