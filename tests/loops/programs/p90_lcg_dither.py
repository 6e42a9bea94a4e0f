"""dither by a linear congruential generator in Python ints"""

SHAPE = (2,)


class V:
    def __init__(self):
        self.s = 12345

    def step(self, obs):
        self.s = (6364136223846793005 * self.s + 1442695040888963407) % 2**64
        return obs + (self.s >> 33) / 2**31


def make():
    return V()
