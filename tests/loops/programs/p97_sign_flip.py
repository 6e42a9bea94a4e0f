"""sign alternates by counter, `self.sign *= -1`"""

SHAPE = (3,)


class V:
    def __init__(self):
        self.sign = 1
        self.k = 0

    def step(self, obs):
        self.k += 1
        if self.k == 3:
            self.sign *= -1
            self.k = 0
        return obs * self.sign


def make():
    return V()
