"""integer counter with &, >>, ^ picks gains"""

SHAPE = (2,)


class B:
    def __init__(self):
        self.k = 0
        self.flip = 0

    def step(self, obs):
        self.k = (self.k + 1) & 7
        if self.k & 3 == 0:
            self.flip ^= 1
        return obs * (1.0 + self.flip) + (self.k >> 1) * 0.1


def make():
    return B()
